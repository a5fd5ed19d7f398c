import fc from 'fast-check';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { DeliberationSchema } from '#contracts/deliberation';
import { ABSTAIN, playRound } from '../../fakes/played-round.ts';
import { scriptedEngine, type Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';

const script: fc.Arbitrary<Script> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ says: fc.constantFrom('1', '2', '3', ABSTAIN, 'hm'), atMs: fc.nat(90) }),
  },
  fc.record({ says: fc.constant('1'), finish: fc.constantFrom('length', 'cancelled', 'stop') }),
  fc.record({
    fails: fc.constantFrom('worker-lost', 'worker-silent', 'engine-failed', 'cancelled'),
    atMs: fc.nat(90),
  }),
  fc.constant<Script>({ throws: true }),
  fc.constant<Script>({ hangs: true }),
);

const plan = fc.record({
  softDeadlineMs: fc.integer({ min: 1, max: 80 }),
  hardDeadlineMs: fc.integer({ min: 1, max: 100 }),
  quorum: fc.integer({ min: 1, max: 4 }),
  graceMs: fc.nat(40),
});

const stops = fc.array(
  fc.record({ atStep: fc.nat(20), who: fc.constantFrom(undefined, 'a', 'b', 'nobody') }),
  { maxLength: 2 },
);

it('whatever members and users do, a round ends by its hard deadline with a sound record', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(script, { maxLength: 6 }), plan, stops, async (scripts, times, stopping) => {
      const played = playRound(scripts, times);
      await turn();
      for (let step = 0; step <= 20; step += 1) {
        for (const stop of stopping) if (stop.atStep === step) played.round.stop(stop.who);
        await played.pass(5, 1);
      }
      const record = played.record();
      expect(record).not.toBeNull();
      if (record === null) return;
      expect(v.safeParse(DeliberationSchema, { ...record, frames: null }).issues).toBeUndefined();
      expect(record.members.map((member) => member.id)).toEqual(played.members.map((member) => member.id));
      expect(record.wallMs).toBeLessThanOrEqual(times.hardDeadlineMs);
      expect(played.clock.pending).toBe(0);

      // Every member starts at most once and ends exactly once; nothing is told of it after its end.
      for (const { id } of played.members) {
        const own = played.events.flatMap((event) => {
          if (event.type === 'member-ended') return event.member.id === id ? ['end'] : [];
          return 'memberId' in event && event.memberId === id ? [event.type] : [];
        });
        expect(own.filter((type) => type === 'end')).toHaveLength(1);
        expect(own.at(-1)).toBe('end');
        expect(own.filter((type) => type === 'member-started').length).toBeLessThanOrEqual(1);
      }
      expect(played.events.filter((event) => event.type === 'round-decided').length).toBeLessThanOrEqual(1);

      // What was announced is what is kept.
      const decided = played.events.find((event) => event.type === 'round-decided');
      const votes = record.members.filter((member) => member.key !== null);
      if (decided !== undefined) expect(record.key).not.toBeNull();
      expect(record.answer === null).toBe(votes.length === 0);
      expect(record.members.every((m) => (m.key === null) === !['answered', 'late'].includes(m.status))).toBe(
        true,
      );
      if (record.outcome === 'decided') expect(record.lateWouldFlip).toBe(false);

      // Nobody decodes on after the round, except an engine that ignores everything.
      scripts.forEach((each, index) => {
        if (each.hangs !== true) expect(scriptedEngine(played.members[index]).running).toBe(0);
      });
    }),
    { numRuns: 200 },
  );
});
