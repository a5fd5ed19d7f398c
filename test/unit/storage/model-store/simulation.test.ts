import { expect, it } from 'vitest';
import { simulateModelStore } from '../../../fakes/model-store-simulation.ts';

/** Few enough for every run of the tests; `tools/measure/model-store-simulation.ts` runs as many as one likes. */
const SEEDS = 400;

it('loses nothing and calls nothing whole that is not, whatever happens', async () => {
  let crashes = 0;
  let wipes = 0;
  let verified = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const report = await simulateModelStore(seed);
    crashes += report.crashes;
    wipes += report.wipes;
    verified += report.verified;
  }
  // The simulation does what it is there for: beyond the crash before the last visit of each.
  expect(crashes).toBeGreaterThan(SEEDS * 1.1);
  expect(wipes).toBeGreaterThan(5);
  expect(verified).toBeGreaterThan(SEEDS);
});

it('replays a seed to the last line', async () => {
  const [first, second] = [await simulateModelStore(11), await simulateModelStore(11)];
  expect(second).toEqual(first);
  expect((await simulateModelStore(12)).trace).not.toEqual(first.trace);
});
