import { simulateModelStore } from '../../test/fakes/model-store-simulation.ts';

/**
 * Runs seeded simulations of the model store: download, crash, resume, evict, import, two tabs, bad disks. Prints one JSON
 * document; ends with 1 and the seed when something that must hold did not.
 *
 *     npx tsx tools/measure/model-store-simulation.ts SEEDS [FIRST]
 */
const [count = '1000', first = '0'] = process.argv.slice(2);
const totals = { operations: 0, crashes: 0, wipes: 0, verified: 0 };
const failures: string[] = [];

for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  try {
    const { operations, crashes, wipes, verified } = await simulateModelStore(seed);
    totals.operations += operations;
    totals.crashes += crashes;
    totals.wipes += wipes;
    totals.verified += verified;
  } catch (thrown) {
    failures.push(thrown instanceof Error ? thrown.message : String(thrown));
    if (failures.length === 10) break;
  }
}

const report = {
  schema: 'witan.measure.model-store-simulation',
  version: 1,
  seeds: Number(count),
  first: Number(first),
};
process.stdout.write(`${JSON.stringify({ ...report, ...totals, failures: failures.length }, null, 1)}\n`);
for (const failure of failures) process.stderr.write(`${failure}\n`);
if (failures.length > 0) process.exitCode = 1;
