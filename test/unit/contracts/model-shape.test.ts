import { describe, expect, it } from 'vitest';
import { isFullShape, kvCacheBytes, type ModelShape } from '#contracts/model-shape';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';

const attending = (attention: ModelShape['attention'], more: Partial<ModelShape> = {}): ModelShape => ({
  ...LLAMA_3_2_1B,
  attention,
  ...more,
});

describe('bytes of keys and values', () => {
  it('are 2 · layers · heads · dimension · 2 for each token', () => {
    // 2 · 16 · 8 · 64 · 2 = 32,768 for each token.
    expect(kvCacheBytes(LLAMA_3_2_1B, 1)).toBe(32_768);
    expect(kvCacheBytes(LLAMA_3_2_1B, 4096)).toBe(134_217_728);
    expect(kvCacheBytes(LLAMA_3_2_1B, 4096, 1)).toBe(67_108_864);
    expect(kvCacheBytes(LLAMA_3_2_1B, 0)).toBe(0);
  });

  it('stop growing in sliding layers at their window', () => {
    const shape = attending({ full: 4, sliding: 12, recurrent: 0, windowTokens: 512 });
    // 2,048 for each layer and token.
    expect(kvCacheBytes(shape, 512)).toBe(16 * 512 * 2048);
    expect(kvCacheBytes(shape, 4096)).toBe((4 * 4096 + 12 * 512) * 2048);
  });

  it('leave out layers that keep a state, and those that use another layer’s', () => {
    const recurrent = attending({ full: 6, sliding: 0, recurrent: 10, windowTokens: null });
    expect(kvCacheBytes(recurrent, 1000)).toBe(6 * 1000 * 2048);
    const shared = attending(
      { full: 7, sliding: 28, recurrent: 0, windowTokens: 512 },
      { kvHeads: 1, headDim: 256, fullHeadDim: 512, sharedKv: { full: 4, sliding: 16 } },
    );
    expect(kvCacheBytes(shared, 4096)).toBe(4 * (3 * 512 * 4096 + 12 * 256 * 512));
  });

  it.each(['kvHeads', 'headDim', 'attention'] as const)('are unknown without %s', (figure) => {
    expect(kvCacheBytes({ ...LLAMA_3_2_1B, [figure]: null }, 4096)).toBeNull();
  });
});

it.each([
  ['vocabulary', false],
  ['feedForwardDim', false],
  ['attention', false],
  ['tiedEmbeddings', true],
  ['fullHeadDim', true],
] as const)('without %s a shape is full: %s', (figure, full) => {
  expect(isFullShape(LLAMA_3_2_1B)).toBe(true);
  expect(isFullShape({ ...LLAMA_3_2_1B, [figure]: null })).toBe(full);
});
