import { expect, it } from 'vitest';
import type { MemberChoice } from '#contracts/settings';
import { councilOf, type KnownSeats } from '../../../../src/ui/calibration/council-choice.ts';

const CHOSEN: readonly MemberChoice[] = [
  { engine: 'starter', id: 'alder' },
  { engine: 'wllama', id: 'oak' },
  { engine: 'remote', id: 'far' },
];
const seats = (change: Partial<KnownSeats> = {}): KnownSeats => ({
  chosen: CHOSEN,
  starters: ['alder', 'birch', 'cedar'],
  stored: [
    { id: 'oak', format: 'gguf', state: 'verified' },
    { id: 'elm', format: 'mlc', state: 'verified' },
    { id: 'ash', format: 'gguf', state: 'tombstone' },
  ],
  ...change,
});

it('seats bundled, stored and chosen members in the order of the recommendation, and keeps servers', () => {
  expect(councilOf(['elm', 'cedar', 'oak'], seats())).toEqual({
    members: [
      { engine: 'web-llm', id: 'elm' },
      { engine: 'starter', id: 'cedar' },
      { engine: 'wllama', id: 'oak' },
      { engine: 'remote', id: 'far' },
    ],
    gone: [],
  });
});

it('says who is not on this device any more', () => {
  expect(councilOf(['alder', 'ash', 'yew'], seats()).gone).toEqual(['ash', 'yew']);
});
