import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { HardwareProfile } from '#contracts/hardware';
import { memoryObstacle, obstacleTo } from '../../../src/app/model-obstacle.ts';
import { SHIPPED } from '../../fakes/capacity-rig.ts';
import { adapter, profile } from '../../fakes/hardware-profiles.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

const MIB = 2 ** 20;
const find = (id: string) =>
  present(
    SHIPPED.webLlm.models.find((model) => model.id === id),
    id,
  );
const LLAMA = find('Llama-3.2-1B-Instruct-q4f16_1-MLC');
const CARD = adapter({ features: ['shader-f16'], limits: { ...FULL_LIMITS } });
const device = (change: Partial<HardwareProfile> = {}): HardwareProfile =>
  profile({ adapters: [CARD], ...change });

describe('what is in the way of a model', () => {
  it('is nothing where a card has what it needs', () => {
    expect(obstacleTo(LLAMA, device())).toBeNull();
    expect(obstacleTo(LLAMA, device({ micro: { gpuMemoryMiB: 880 } }))).toBeNull();
  });

  it.each([
    ['no card', { adapters: [] }],
    ['software alone', { adapters: [{ ...CARD, fallback: true }] }],
  ])('is the engine: %s', (_what, change) => {
    expect(obstacleTo(LLAMA, device(change))).toMatchObject({
      code: 'engine-unavailable',
      details: { model: LLAMA.id, reason: 'no-card' },
    });
  });

  it('is what the card lacks, with both figures', () => {
    expect(obstacleTo(LLAMA, device({ adapters: [{ ...CARD, features: [] }] }))).toMatchObject({
      code: 'feature-missing',
      details: { feature: 'shader-f16' },
    });
    const limits = { ...FULL_LIMITS, maxBufferSize: 100 };
    expect(obstacleTo(LLAMA, device({ adapters: [{ ...CARD, limits }] }))).toMatchObject({
      code: 'feature-missing',
      details: { feature: 'maxBufferSize', needed: 256 * MIB, available: 100 },
    });
  });

  it('is a manifest, which comes with the weights', () => {
    expect(obstacleTo(find('gemma-4-E2B-it-q4f16_1-MLC'), device())).toMatchObject({
      code: 'request-unsupported',
      details: { reason: 'manifest' },
    });
  });
});

describe('the memory of a card', () => {
  it.each([
    ['was not measured', undefined, 8, 9e9, false],
    ['holds it', 1000, 8, 1000 * MIB, false],
    ['ended before it would', 1000, 8, 1000 * MIB + 1, true],
    // Of 8 GiB the probe takes 4.8, on pieces of 16 MiB.
    ['was taken as far as that may go', 4912, 8, 9e9, false],
    ['ended just before that', 4896, 8, 9e9, true],
    ['of a device that tells nothing was taken as far as that may go', 8192, null, 9e9, false],
  ])('%s', (_what, gpuMemoryMiB, deviceMemoryGiB, neededBytes, full) => {
    const micro = gpuMemoryMiB === undefined ? {} : { gpuMemoryMiB };
    const found = memoryObstacle('a', neededBytes, device({ micro, deviceMemoryGiB }));
    expect(found?.code ?? null).toBe(full ? 'out-of-memory' : null);
    if (full) expect(found?.details).toMatchObject({ model: 'a', neededBytes });
  });
});
