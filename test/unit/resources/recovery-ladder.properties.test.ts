import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failure, type ErrorCode } from '#contracts/errors';
import { isErrorCode } from '#contracts/error-messages';
import {
  ladderAt,
  nextStep,
  type LadderState,
  type Trouble,
} from '../../../src/resources/recovery-ladder.ts';
import { anyLadder } from './ladders.ts';

/** Every code of the house: a failure nobody thought of must not loop either. */
const CODES: readonly ErrorCode[] = [
  'prompt-empty',
  'model-fetch-failed',
  'model-invalid',
  'model-load-failed',
  'engine-unavailable',
  'engine-incompatible',
  'engine-failed',
  'feature-missing',
  'out-of-memory',
  'device-lost',
  'request-unsupported',
  'consent-required',
  'remote-unreachable',
  'remote-silent',
  'context-exceeded',
  'worker-lost',
  'worker-silent',
  'deadline-exceeded',
  'cancelled',
  'internal',
];

const trouble: fc.Arbitrary<Trouble> = fc.record({
  problem: fc
    .tuple(fc.constantFrom(...CODES), fc.constantFrom('', 'shader-f16', 'subgroups'))
    .map(([code, feature]) => failure(code, feature === '' ? {} : { feature })),
  phase: fc.constantFrom('load', 'run'),
  deviceMayReturn: fc.boolean(),
});

/**
 * How much the ladder can still do from here: the counters of loading are full again on each lower rung, the others never
 * are.
 */
function budget(rungs: number, state: LadderState): number {
  const fresh = ladderAt(0);
  const perRung = fresh.loadRestarts + 1;
  const lower = rungs - 1 - state.rung;
  return lower * perRung + state.loadRestarts + state.runRestarts + state.deviceRestarts;
}

it('whatever fails in whatever order, every step uses something up, so the ladder ends', () => {
  fc.assert(
    fc.property(anyLadder, fc.array(trouble, { minLength: 80, maxLength: 80 }), (rungs, troubles) => {
      let state = ladderAt(0);
      let steps = 0;
      const bound = budget(rungs.length, state);
      for (const next of troubles) {
        const taken = nextStep(rungs, state, next);
        if (taken.do === 'give-up') continue; // somebody may ask again; the state is as it was
        steps += 1;
        const was = state;
        state = taken.state;
        expect(budget(rungs.length, state)).toBeLessThan(budget(rungs.length, was));
        expect(state.rung).toBeGreaterThanOrEqual(was.rung);
        expect(rungs[state.rung]).toBeDefined();
        expect(Math.min(state.loadRestarts, state.runRestarts, state.deviceRestarts)).toBeGreaterThanOrEqual(
          0,
        );
        // Only a step that says so leaves the rung, and one that does really goes down.
        expect(taken.do === 'descend').toBe(state.rung > was.rung);
      }
      expect(steps).toBeLessThanOrEqual(bound);
    }),
    { numRuns: 500 },
  );
});

it('on a ladder of one rung nothing is ever somewhere else', () => {
  fc.assert(
    fc.property(anyLadder, trouble, ([only], next) => {
      expect(nextStep([only], ladderAt(0), next).do).not.toBe('descend');
    }),
  );
});

it('the codes above are codes', () => {
  expect(CODES.every(isErrorCode)).toBe(true);
});
