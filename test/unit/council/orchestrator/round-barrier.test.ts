import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { RoundBarrier, type BarrierResult } from '../../../../src/council/orchestrator/round-barrier.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const PLAN = { softDeadlineMs: 100, hardDeadlineMs: 300, quorum: 2 };
let clock: VirtualClock;
let late: string[];
let result: BarrierResult<string> | null;

beforeEach(() => {
  clock = new VirtualClock();
  late = [];
  result = null;
});

const openedAs = (): BarrierResult<string> | null => result;

function barrier(parties: readonly string[], plan = PLAN): RoundBarrier<string> {
  const made = new RoundBarrier<string>(clock, parties, plan, (id, answer) => late.push(`${id}:${answer}`));
  void made.opened.then((opened) => {
    result = opened;
  });
  return made;
}

it('opens when all have answered or left, and leaves no timer', async () => {
  const round = barrier(['a', 'b']);
  round.arrive('a', '1');
  round.arrive('a', '2');
  await turn();
  expect(result).toBeNull();
  round.leave('b');
  await turn();
  expect(result).toMatchObject({ reason: 'all', missing: [], left: ['b'], atMs: 0 });
  expect(result?.answers).toEqual(new Map([['a', '1']]));
  expect(clock.pending).toBe(0);
});

it('a quorum suffices from the soft deadline on, whenever it comes; who is missing is named, and heard later', async () => {
  const round = barrier(['a', 'b', 'c']);
  round.arrive('a', '1');
  clock.advance(100);
  await turn();
  expect(result).toBeNull();
  clock.advance(50);
  round.arrive('b', '2');
  await turn();
  expect(result).toMatchObject({ reason: 'quorum', missing: ['c'], atMs: 150 });
  round.arrive('c', '3');
  round.arrive('c', '4');
  expect(late).toEqual(['c:3']);
  expect(result?.answers.has('c')).toBe(false);
  expect(clock.pending).toBe(0);
});

it('a quorum before the soft deadline waits for it', async () => {
  const round = barrier(['a', 'b', 'c']);
  round.arrive('a', '1');
  round.arrive('b', '1');
  clock.advance(99);
  await turn();
  expect(result).toBeNull();
  clock.advance(1);
  await turn();
  expect(result).toMatchObject({ reason: 'quorum', atMs: 100 });
});

it('opens at the hard deadline with whatever is there', async () => {
  barrier(['a', 'b']);
  clock.advance(300);
  await turn();
  expect(result).toMatchObject({ reason: 'hard', missing: ['a', 'b'], atMs: 300 });
});

it('is opened by a decision or a stop; once dismissed it hears nothing more', async () => {
  const decided = barrier(['a', 'b']);
  decided.decide();
  decided.stop();
  await turn();
  expect(result).toMatchObject({ reason: 'decided', missing: ['a', 'b'] });
  decided.dismiss();
  decided.arrive('a', '1');
  expect(late).toEqual([]);
  barrier([]);
  await turn();
  expect(result).toMatchObject({ reason: 'all', answers: new Map() });
});

it('every party is in exactly one place, and the barrier is open by its hard deadline', async () => {
  const happening = fc.record({
    atMs: fc.nat(350),
    who: fc.constantFrom('a', 'b', 'c', 'd', 'stranger'),
    what: fc.constantFrom('arrive', 'leave', 'decide', 'stop', 'arrive', 'arrive'),
  });
  const plan = fc.record({
    softDeadlineMs: fc.nat(300),
    hardDeadlineMs: fc.nat(300),
    quorum: fc.integer({ min: 0, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 12 }), plan, async (happenings, times) => {
      clock = new VirtualClock();
      late = [];
      result = null;
      const parties = ['a', 'b', 'c', 'd'];
      const round = barrier(parties, times);
      const told: string[] = [];
      for (const { atMs, who, what } of [...happenings].sort((x, y) => x.atMs - y.atMs)) {
        clock.advance(atMs - clock.nowMs());
        if (what === 'arrive') {
          if (parties.includes(who) && !told.includes(who)) told.push(who);
          round.arrive(who, who);
        } else if (what === 'leave') round.leave(who);
        else if (what === 'decide') round.decide();
        else round.stop();
      }
      clock.advance(400);
      await turn();
      const { answers, missing, left, atMs, reason } = present(openedAs(), 'a barrier that is open');
      expect([...answers.keys(), ...missing, ...left].sort()).toEqual(parties);
      expect(atMs).toBeLessThanOrEqual(times.hardDeadlineMs);
      if (reason === 'quorum') {
        expect(atMs).toBeGreaterThanOrEqual(times.softDeadlineMs);
        expect(answers.size).toBeGreaterThanOrEqual(Math.max(1, times.quorum));
      }
      if (reason === 'all') expect(missing).toEqual([]);
      for (const each of late) expect(missing).toContain(each.split(':')[0]);
      expect(new Set(late).size).toBe(late.length);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 300 },
  );
});
