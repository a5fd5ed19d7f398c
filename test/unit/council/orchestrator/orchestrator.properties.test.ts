import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PRIORITIES, serviceKeyMs } from '../../../../src/council/orchestrator/aging.ts';
import {
  fastestMeasured,
  leastOutstandingTokens,
  roundRobin,
} from '../../../../src/council/orchestrator/balancing-policies.ts';
import { PrefixAffinity } from '../../../../src/council/orchestrator/prefix-affinity.ts';
import { LeaseLedger } from '../../../../src/resources/lease-ledger.ts';
import type { Decoding } from '../../../fakes/decoding-engine.ts';
import { errorOf, OrchestratorRig, QUICK, type Submitted } from '../../../fakes/orchestrator-rig.ts';

const STEP_MS = 100;
const decoding: fc.Arbitrary<Decoding> = fc.record(
  {
    firstTokenMs: fc.nat(60),
    stepMs: fc.integer({ min: 1, max: 20 }),
    tokens: fc.integer({ min: 1, max: 4 }),
    fails: fc.record({
      code: fc.constantFrom('worker-lost', 'engine-failed', 'context-exceeded', 'cancelled'),
      afterTokens: fc.nat(3),
    }),
    stallsAfterTokens: fc.nat(6),
    throws: fc.boolean(),
    stopMs: fc.nat(40),
  },
  { requiredKeys: ['firstTokenMs', 'stepMs', 'tokens'] },
);
const request = fc.record({
  atMs: fc.nat(400),
  priority: fc.constantFrom(...PRIORITIES),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  cancelAfterMs: fc.option(fc.nat(300), { nil: undefined }),
  decoding,
});

it('every request has exactly one outcome, in time, with each of its tokens once', async () => {
  const policies = fc.constantFrom(
    () => roundRobin(),
    () => leastOutstandingTokens(),
    () => fastestMeasured(),
    () => new PrefixAffinity(leastOutstandingTokens()),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      policies,
      async (requests, replicas, slots, policy) => {
        const patience = { firstTokenMs: 100, tokenGapMs: 60, stopMs: 30 };
        const rig = new OrchestratorRig({ queueLimit: 6, ageStepMs: STEP_MS, patience });
        const script = ({ prompt }: { prompt: string }): Decoding =>
          requests[Number(prompt)]?.decoding ?? QUICK;
        const specs = Array.from({ length: replicas }, (_, at) =>
          rig.replica(`r${String(at)}`, script, { slots }),
        );
        rig.add('m', specs, { policy: policy() });
        const all: { submitted: Submitted; cancelledMs: number | null }[] = [];
        requests.forEach(({ atMs, priority, deadlineMs, cancelAfterMs }, index) => {
          rig.clock.after(atMs, () => {
            const limit = deadlineMs === undefined ? {} : { deadlineMs };
            const submitted = rig.submit('m', String(index), { priority, ...limit });
            const one: (typeof all)[number] = { submitted, cancelledMs: null };
            all[index] = one;
            if (cancelAfterMs === undefined) return;
            rig.clock.after(cancelAfterMs, () => {
              if (submitted.outcome === null) one.cancelledMs = rig.clock.nowMs();
              submitted.abort.abort();
            });
          });
        });
        await rig.pass(20_000);
        requests.forEach(({ atMs, deadlineMs }, index) => {
          const one = all[index];
          if (one === undefined) throw new Error('never submitted');
          const { submitted, cancelledMs } = one;
          expect(submitted.settlements).toBe(1);
          const heard = submitted.chunks.map(({ text }) => text).join('');
          expect(heard).toBe(submitted.chunks.map((_, at) => `${String(index)}.${String(at + 1)} `).join(''));
          if (submitted.outcome?.ok === true) expect(submitted.outcome.value.text).toBe(heard);
          expect(submitted.starts.length).toBeLessThanOrEqual(Math.min(2, replicas));
          expect(new Set(submitted.starts).size).toBe(submitted.starts.length);
          const endMs = submitted.settledMs ?? Infinity;
          if (deadlineMs !== undefined) expect(endMs).toBeLessThanOrEqual(atMs + deadlineMs);
          if (errorOf(submitted) === 'deadline-exceeded') expect(endMs).toBe(atMs + (deadlineMs ?? -1));
          if (cancelledMs !== null) expect(endMs).toBe(cancelledMs);
        });
        for (const engine of rig.engines.values()) {
          expect(engine.mostAtOnce).toBeLessThanOrEqual(slots);
          expect(engine.running).toBe(0);
        }
        expect(rig.clock.pending).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
});

it('one replica serves in the order of the keys: nobody who waits is overtaken by a later key', async () => {
  const arrivals = fc.array(fc.record({ atMs: fc.nat(600), priority: fc.constantFrom(...PRIORITIES) }), {
    minLength: 2,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(arrivals, async (all) => {
      const rig = new OrchestratorRig({ ageStepMs: STEP_MS });
      rig.add('m', [rig.replica('r', { firstTokenMs: 20, stepMs: 10, tokens: 1 })]);
      const sorted = [...all].sort((a, b) => a.atMs - b.atMs);
      sorted.forEach(({ atMs, priority }, index) => {
        rig.clock.after(atMs, () => {
          rig.submit('m', String(index), { priority });
        });
      });
      await rig.pass(5_000);
      const { calls } = rig.engine('r');
      expect(calls).toHaveLength(all.length);
      const startedMs = new Map(calls.map((call) => [Number(call.request.prompt), call.startedMs]));
      const keyMs = sorted.map(({ atMs, priority }) => serviceKeyMs(priority, atMs, STEP_MS));
      sorted.forEach((_, first) => {
        sorted.forEach((later, second) => {
          const [begun, other] = [startedMs.get(first) ?? -1, startedMs.get(second) ?? -1];
          // The second was begun before the first although its key is later: the first had not come yet.
          const overtakes = other < begun && (keyMs[second] ?? 0) > (keyMs[first] ?? 0);
          if (overtakes) expect(sorted[first]?.atMs ?? -1).toBeGreaterThanOrEqual(other);
          expect(later.atMs).toBeLessThanOrEqual(other);
        });
      });
    }),
    { numRuns: 100 },
  );
});

it('no replica is idle while something waits that it could do', async () => {
  const spans = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 4, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(spans, fc.integer({ min: 2, max: 4 }), async (tokens, replicas) => {
      const rig = new OrchestratorRig();
      const script = ({ prompt }: { prompt: string }): Decoding => ({
        firstTokenMs: 1,
        stepMs: 1,
        tokens: tokens[Number(prompt)] ?? 1,
      });
      const specs = Array.from({ length: replicas }, (_, at) => rig.replica(`r${String(at)}`, script));
      rig.add('m', specs, { policy: roundRobin() });
      const all = tokens.map((_, index) => rig.submit('m', String(index)));
      const total = tokens.reduce((sum, each) => sum + each + 1, 0);
      for (let ms = 0; ms < total; ms += 1) {
        await rig.pass(1);
        const [{ waiting } = { waiting: 0 }] = rig.orchestrator.status();
        const running = [...rig.engines.values()].filter((engine) => engine.running > 0).length;
        if (waiting > 0) expect(running).toBe(replicas);
      }
      // Work conserving: never longer than the work shared out, and the longest answer (Graham 1966).
      const longest = Math.max(...tokens) + 1;
      for (const { settledMs } of all)
        expect(settledMs ?? Infinity).toBeLessThanOrEqual(total / replicas + longest);
    }),
    { numRuns: 50 },
  );
});

it('models that share memory or the graphics card each get their turn within the stated bound', async () => {
  const worlds = fc.record({
    models: fc.integer({ min: 2, max: 4 }),
    answers: fc.integer({ min: 20, max: 40 }),
    tokens: fc.integer({ min: 1, max: 10 }),
    loadMs: fc.nat(50),
    gpu: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ models, answers, tokens, loadMs, gpu }) => {
      const turnMs = 200;
      const rig = new OrchestratorRig(
        { turnMs },
        (clock) => new LeaseLedger(clock, { memoryBytes: { card: 10, processor: 10 }, cards: 1, threads: 1 }),
      );
      const wait = () =>
        new Promise<void>((resolve) => {
          rig.clock.after(loadMs, resolve);
        });
      const answerMs = 10 + 10 * tokens;
      const all: Submitted[] = [];
      for (let model = 0; model < models; model += 1) {
        const id = String(model);
        const terms = [{ memoryBytes: 10, replicas: 1, slots: 1, contextTokens: 1 }];
        const memory = {
          terms,
          open: async () => {
            await wait();
            return { ok: true, value: null } as const;
          },
          close: wait,
        };
        rig.add(
          id,
          [
            rig.replica(
              id,
              { firstTokenMs: 10, stepMs: 10, tokens },
              gpu ? { compute: { of: 'card', units: 1 } } : {},
            ),
          ],
          gpu ? {} : { memory },
        );
        for (let answer = 0; answer < answers; answer += 1)
          all.push(rig.submit(id, `${id}/${String(answer)}`));
      }
      const boundMs = models * (turnMs + answerMs + (gpu ? 0 : 2 * loadMs));
      await rig.pass(models * answers * (answerMs + 2 * loadMs) + boundMs);
      expect(all.every(({ outcome }) => outcome?.ok === true)).toBe(true);
      for (const engine of rig.engines.values()) {
        const begun = [0, ...engine.calls.map(({ startedMs }) => startedMs)];
        begun.slice(1).forEach((startedMs, at) => {
          expect(startedMs - (begun[at] ?? 0)).toBeLessThanOrEqual(boundMs);
        });
      }
    }),
    { numRuns: 40 },
  );
});
