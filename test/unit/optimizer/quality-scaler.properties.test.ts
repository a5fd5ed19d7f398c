import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PACING_LADDER } from '../../../src/optimizer/pacing-ladder.ts';
import { QualityScaler } from '../../../src/optimizer/quality-scaler.ts';
import { decisionsOf, runPlant, type FramePlant } from './frame-plant.ts';

const LAST = PACING_LADDER.length - 1;
const SETTLE_FRAMES = 8;
const WINDOW_FRAMES = 8;
const FELT_FRAMES = 3;

const plants = fc.record({
  seed: fc.nat(),
  budgetMs: fc.constantFrom(4.17, 6.94, 8.33, 16.67, 33.3),
  load: fc.double({ min: 0, max: 1, noNaN: true }),
  relief: fc.double({ min: 0, max: 0.4, noNaN: true }),
  delayFrames: fc.integer({ min: 0, max: 6 }),
});

function plantOf({
  seed,
  budgetMs,
  load,
  relief,
  delayFrames,
}: typeof plants extends fc.Arbitrary<infer T> ? T : never): FramePlant {
  return { seed, budgetMs, delayFrames, missedShare: (level) => Math.max(0, load - relief * level) };
}

type Input =
  | { readonly do: 'frames'; readonly ratio: number; readonly count: number }
  | { readonly do: 'active' | 'inactive' | 'idle' | 'on' | 'off' };

const inputs = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('frames' as const),
        ratio: fc.double({ min: 0.3, max: 6, noNaN: true }),
        count: fc.integer({ min: 1, max: 60 }),
      }),
    },
    fc.record({
      do: fc.constantFrom(
        'active' as const,
        'inactive' as const,
        'idle' as const,
        'on' as const,
        'off' as const,
      ),
    }),
  ),
  { maxLength: 60 },
);

/** Plays the inputs; tells each decision with the number of frames since the change before it. */
function play(steps: readonly Input[]): {
  scaler: QualityScaler;
  trace: string[];
  sinceChange: [number, string][];
} {
  const scaler = new QualityScaler();
  const trace: string[] = [];
  const sinceChange: [number, string][] = [];
  let frames = Number.POSITIVE_INFINITY;
  let atMs = 0;
  for (const step of steps) {
    if (step.do !== 'frames') {
      // A change that no frame made leaves nothing to wait for.
      if (step.do !== 'active' && step.do !== 'inactive') frames = Number.POSITIVE_INFINITY;
      if (step.do === 'idle') trace.push(JSON.stringify(scaler.onIdle()));
      else if (step.do === 'on' || step.do === 'off')
        trace.push(JSON.stringify(scaler.setEnabled(step.do === 'on')));
      else scaler.setActive(step.do === 'active');
      continue;
    }
    for (let index = 0; index < step.count; index += 1) {
      atMs += step.ratio * 10;
      frames += 1;
      const before = scaler.level;
      const decision = scaler.onFrame(step.ratio * 10, 10, atMs);
      expect(scaler.level).toBeGreaterThanOrEqual(0);
      expect(scaler.level).toBeLessThanOrEqual(LAST);
      if (decision === null) {
        expect(scaler.level).toBe(before);
        continue;
      }
      expect([decision.fromLevel, decision.toLevel]).toEqual([before, scaler.level]);
      if (decision.reason !== 'resumed') expect(Math.abs(scaler.level - before)).toBeLessThanOrEqual(1);
      sinceChange.push([
        frames,
        decision.reason === 'over-budget' && step.ratio > 1.5 ? 'panic' : decision.reason,
      ]);
      trace.push(JSON.stringify(decision));
      frames = 0;
    }
  }
  return { scaler, trace, sinceChange };
}

describe('QualityScaler, whatever comes', () => {
  it('stays on the ladder, one step at a time, and lets each change settle unless it panics or resumes', () => {
    fc.assert(
      fc.property(inputs, (steps) => {
        for (const [frames, why] of play(steps).sinceChange) {
          if (why === 'over-budget') expect(frames).toBeGreaterThanOrEqual(SETTLE_FRAMES + 2 * WINDOW_FRAMES);
          else if (why === 'panic') expect(frames).toBeGreaterThanOrEqual(FELT_FRAMES + 2);
          else if (why !== 'resumed')
            expect(frames).toBeGreaterThanOrEqual(SETTLE_FRAMES + 8 * WINDOW_FRAMES);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same decisions again for the same input', () => {
    fc.assert(
      fc.property(inputs, (steps) => {
        expect(play(steps).trace).toEqual(play(steps).trace);
      }),
      { numRuns: 100 },
    );
  });

  it('is at full quality after calm frames, from anywhere', () => {
    fc.assert(
      fc.property(inputs, (steps) => {
        const { scaler } = play([...steps, { do: 'on' }]);
        // A freeze lasts a minute, 6,000 frames here; then 8 settling and 64 good frames a step.
        for (let frame = 0; frame < 6000 + 7 * 80 + 40; frame += 1) scaler.onFrame(10, 10, 1e7 + frame * 10);
        expect(scaler.level).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('QualityScaler in closed loop', () => {
  it('never turns around more than four times in a minute, whatever the load, and says so when it stops', () => {
    fc.assert(
      fc.property(plants, (drawn) => {
        const scaler = new QualityScaler();
        scaler.setActive(true);
        const moves = decisionsOf(runPlant(scaler, plantOf(drawn), 6000));
        const steps = moves.filter((move) => move.toLevel !== move.fromLevel);
        const flips = steps.filter((move, index) => {
          const before = steps[index - 1];
          return before !== undefined && move.toLevel > move.fromLevel !== before.toLevel > before.fromLevel;
        });
        for (const { atMs } of flips)
          expect(
            flips.filter((flip) => flip.atMs >= atMs && flip.atMs - atMs < 60_000).length,
          ).toBeLessThanOrEqual(4);
        for (const move of moves)
          if (move.fromLevel === move.toLevel) expect(move.reason).toBe('frozen-after-flip-flops');
      }),
      { numRuns: 60 },
    );
  });

  it('freezes at the lower of two levels between which it would hunt, and frames are then in budget', () => {
    // Level 3 is just too much, level 4 is calm: the worst case for a controller with memoryless probing.
    const plant: FramePlant = { seed: 9, budgetMs: 16.67, missedShare: (level) => (level < 4 ? 0.5 : 0) };
    const scaler = new QualityScaler();
    scaler.setActive(true);
    const frames = runPlant(scaler, plant, 3000);
    const frozenAt = frames.findIndex(({ decision }) => decision?.reason === 'frozen-after-flip-flops');
    expect(frozenAt).toBeGreaterThan(0);
    const after = frames.slice(frozenAt);
    expect(new Set(after.map((frame) => frame.level))).toEqual(new Set([4]));
    expect(after.filter((frame) => frame.intervalMs > 25)).toEqual([]);
  });

  it('finds a level that is calm enough if there is one, from a cold start, within two seconds of frames', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: LAST }), (seed, calmFrom) => {
        const scaler = new QualityScaler();
        scaler.setActive(true);
        const plant = { seed, budgetMs: 16.67, missedShare: (level: number) => (level < calmFrom ? 0.7 : 0) };
        const frames = runPlant(scaler, plant, 120);
        expect(Math.max(...frames.map((frame) => frame.level))).toBeGreaterThanOrEqual(calmFrom);
      }),
      { numRuns: 100 },
    );
  });

  it('has fewer late frames than no scaler at all, on the same load', () => {
    const missedShare = (level: number): number => Math.max(0, 0.45 - 0.09 * level);
    const late = (enabled: boolean, seed: number): number => {
      const scaler = new QualityScaler({ enabled });
      scaler.setActive(true);
      return runPlant(scaler, { seed, budgetMs: 16.67, missedShare }, 600).filter(
        (frame) => frame.intervalMs > 25,
      ).length;
    };
    for (let seed = 1; seed <= 12; seed += 1) expect(late(true, seed)).toBeLessThan(0.6 * late(false, seed));
  });

  it('does nothing on a calm page for ten minutes', () => {
    const scaler = new QualityScaler();
    scaler.setActive(true);
    // One frame in a hundred is late, as on any real machine.
    const frames = runPlant(scaler, { seed: 4, budgetMs: 16.67, missedShare: () => 0.01 }, 36_000);
    const low = frames.filter((frame) => frame.level > 0).length;
    expect(low / frames.length).toBeLessThan(0.02);
  });
});
