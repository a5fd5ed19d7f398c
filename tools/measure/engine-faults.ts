import { measureInPage, type Target } from './engine-session.ts';
import type { FaultName, ModelName } from './engine-page/page.ts';

/**
 * Breaks loaded engines at seeded random moments and measures how long it takes until every promise has settled, and what
 * memory the page and its workers hold before, with a model loaded, and after all of them (proportional set size). Prints
 * one JSON document; times in ms, sizes in bytes.
 *
 * `truncated` and `garbage` are damaged files, from the start of the load on. On `webgpu` also `device-destroyed` and
 * `gpu-process-crash`.
 *
 *     npx tsx tools/measure/engine-faults.ts [cpu|webgpu] [RUNS] [FAULT,FAULT,...] [1M|30M|alder|birch|cedar]
 */
const ALL = 'closed,hangs,inner-gone,inner-traps,inner-hangs,truncated,garbage';
const [target = 'cpu', runs = '20', faults = ALL, model = '1M'] = process.argv.slice(2);

const placement = { backend: target as Target, threads: 1, contextTokens: 1024, slots: 2 };
const report: Record<string, unknown> = {
  schema: 'witan.measure.engine-faults',
  version: 1,
  model,
  placement,
};
for (const fault of faults.split(',')) {
  const measured = await measureInPage(
    target as Target,
    'faults',
    model as ModelName,
    placement,
    fault as FaultName,
    Number(runs),
  );
  const { before, after } = measured.memoryBytes;
  report[fault] = {
    slowestSettledMs: Math.max(...measured.runs.map((run) => run.settledMs)),
    takenForAlive: measured.runs.filter((run) => run.alive).length,
    memoryAfterOverBefore: after / before,
    ...measured,
  };
}
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
