import { expect, it } from 'vitest';
import { planEviction, type EvictionCandidate } from '../../../../src/storage/model-store/eviction.ts';

const model = (id: string, lastUsedAtMs: number, fileIds: string[], pinned = false): EvictionCandidate => ({
  id,
  name: id,
  pinned,
  lastUsedAtMs,
  fileIds,
});
const BYTES = new Map([
  ['x', 100],
  ['y', 40],
  ['z', 7],
]);
const plan = (
  needed: number,
  models: readonly EvictionCandidate[],
  busy: readonly string[] = [],
): unknown => {
  const { models: going, freedBytes, enough } = planEviction(needed, models, BYTES, new Set(busy));
  return [going.map(({ id, freedBytes: bytes }) => [id, bytes]), freedBytes, enough];
};

it('takes the least recently used until there is enough, and no more', () => {
  const models = [model('new', 3, ['x']), model('old', 1, ['z']), model('mid', 2, ['y'])];
  expect(plan(0, models)).toEqual([[], 0, true]);
  expect(plan(7, models)).toEqual([[['old', 7]], 7, true]);
  // The old one alone is not enough, and with the next it is not needed any more.
  expect(plan(40, models)).toEqual([[['mid', 40]], 40, true]);
  expect(plan(41, models)).toEqual([
    [
      ['old', 7],
      ['mid', 40],
    ],
    47,
    true,
  ]);
  expect(plan(1000, models)).toEqual([
    [
      ['old', 7],
      ['mid', 40],
      ['new', 100],
    ],
    147,
    false,
  ]);
});

it('counts a shared file with the last that has it, and spares whoever frees nothing', () => {
  const shared = [model('a', 1, ['x']), model('b', 2, ['x', 'y'])];
  expect(plan(10, shared)).toEqual([[['b', 40]], 40, true]);
  expect(plan(50, shared)).toEqual([
    [
      ['a', 0],
      ['b', 140],
    ],
    140,
    true,
  ]);
  expect(plan(10, [model('a', 1, ['x']), model('p', 2, ['x'], true)])).toEqual([[], 0, false]);
});

it('leaves the pinned and those in use alone', () => {
  const models = [model('a', 1, ['x']), model('b', 2, ['y'], true), model('c', 3, ['z'])];
  expect(plan(50, models, ['x'])).toEqual([[['c', 7]], 7, false]);
});
