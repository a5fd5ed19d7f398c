import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { quantile } from '#kernel/statistics-order';
import { LONGEST_STEP_MS, simulateCouncil } from '../../fakes/council-simulation.ts';
import { starterMember } from '../../fakes/manual-engine.ts';

const WORLDS = 250;
const ROUNDS = 40;

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));

beforeEach(() => {
  const about = {
    schema: 'witan.starter-council',
    version: 1,
    generated: '',
    abstain: 'I cannot answer that.',
    members: [starterMember('alder')],
  };
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(about)));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it(
  'in 10,000 rounds of the whole council no loss, stall or stop costs more than its member, and nothing is unlabelled',
  { timeout: 300_000 },
  async () => {
    const latenessMs: number[] = [];
    const totals = { answered: 0, survived: 0, atHardDeadline: 0, lost: 0, late: 0, waited: 0, refused: 0 };
    for (let seed = 0; seed < WORLDS; seed += 1) {
      const world = await simulateCouncil(seed, ROUNDS);
      expect(world.violations, `seed ${String(seed)}`).toEqual([]);
      latenessMs.push(...world.latenessMs);
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += world[name];
    }
    expect(quantile(latenessMs, 0.99)).toBeLessThanOrEqual(LONGEST_STEP_MS + 100);
    // The simulation is one: everything that it is about did happen, and often.
    for (const times of Object.values(totals)) expect(times).toBeGreaterThan(50);
    expect(totals.answered).toBeGreaterThan(5_000);
  },
);
