import { afterEach, describe, expect, it } from 'vitest';
import { syntheticModel } from '../../src/hardware/synthetic/synthetic-model.ts';
import { SYNTHETIC_QUANTIZATIONS } from '../../src/contracts/capacity.ts';
import { askHost, startHost, type HostInPage } from './synthetic-host.ts';
import { sourceOf } from './synthetic-model.ts';

const SHAPE = {
  layers: 3,
  feedForward: 512,
  heads: 4,
  kvHeads: 2,
  headDim: 64,
  vocabulary: 1024,
  tied: false,
};

let started: HostInPage | undefined;

afterEach(() => started?.host.unload());

describe.each(SYNTHETIC_QUANTIZATIONS)('a synthetic model in %s', (quantization) => {
  // 288: no whole number of K-blocks, so that llama.cpp's smaller blocks take their place.
  it.each([256, 288])('with rows of %i is loaded and answers', async (embedding) => {
    const options = { quantization, seed: 1, contextTokens: 1024 };
    const made = syntheticModel({ ...SHAPE, embedding }, options);
    if (!made.ok) throw new Error(made.error.code);
    const bytes = await new Blob([...made.value.chunks()]).bytes();
    started = await startHost({ model: await sourceOf(bytes) });
    const { loaded, host } = started;
    if (!loaded.ok) throw new Error(`${loaded.error.code}: ${loaded.error.cause}`);
    expect(loaded.value).toMatchObject({ vocabularySize: 1024, weightBytes: made.value.sizeBytes });
    // Its own account of the weights: all but the header, which holds the vocabulary.
    const accounted = loaded.value.memory.weightsBytes / made.value.sizeBytes;
    expect(accounted).toBeGreaterThan(0.95);
    expect(accounted).toBeLessThanOrEqual(1);
    const answered = await askHost(host, { maxTokens: 16 });
    expect(answered).toMatchObject({ ok: true, value: { completionTokens: 16 } });
    // Only what its vocabulary can say.
    expect(answered.ok && answered.value.text).toMatch(/^\p{ASCII}+$/u);
  });
});
