import { expect, it } from 'vitest';
import { quantile } from '#kernel/statistics-order';
import { LONGEST_STEP_MS, simulateRounds } from '../../../fakes/orchestrator-simulation.ts';

const WORLDS = 100;
const ROUNDS = 100;

it(
  'in 10,000 rounds of failures, delays, stalls and cancels nothing that must hold is broken',
  { timeout: 120_000 },
  async () => {
    const latenessMs: number[] = [];
    const totals = { requests: 0, answered: 0, failedOver: 0, stolen: 0, modelSwitches: 0, stuck: 0 };
    const failed = new Set<string>();
    for (let seed = 0; seed < WORLDS; seed += 1) {
      const world = await simulateRounds(seed, ROUNDS);
      expect(world.violations, `seed ${String(seed)}`).toEqual([]);
      latenessMs.push(...world.latenessMs);
      totals.requests += world.requests;
      totals.answered += world.answered;
      totals.failedOver += world.failedOver;
      totals.stolen += world.stolen;
      totals.modelSwitches += world.modelSwitches;
      totals.stuck += world.stuck;
      for (const code of world.failed.keys()) failed.add(code);
    }
    expect(quantile(latenessMs, 0.99)).toBeLessThanOrEqual(LONGEST_STEP_MS + 100);
    // The simulation is one: everything that it is about did happen, and often.
    expect(latenessMs.length).toBeGreaterThan(1_000);
    expect(totals.requests).toBeGreaterThan(20_000);
    expect(totals.answered).toBeGreaterThan(5_000);
    for (const times of Object.values(totals)) expect(times).toBeGreaterThan(30);
    for (const code of ['queue-full', 'deadline-exceeded', 'worker-silent', 'worker-lost', 'engine-failed'])
      expect([...failed]).toContain(code);
  },
);

it('a seed plays the same again', async () => {
  expect(await simulateRounds(7, 20)).toEqual(await simulateRounds(7, 20));
});
