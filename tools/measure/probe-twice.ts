import { MICRO_NAMES } from '../../src/contracts/micro-bench.ts';
import { measureInPage, type Target } from './engine-session.ts';

/**
 * Measures this device RUNS times in a row in one page, as the app does, and prints how well each run agrees with the one
 * before it, and what the page felt of it against as long a time of doing nothing. One JSON document.
 *
 *     npx tsx tools/measure/probe-twice.ts [RUNS] [cpu|webgpu] [software]
 *
 * `software`: also adapters that compute on the processor.
 */
const [runs = '2', target = 'cpu', software = ''] = process.argv.slice(2);
const measured = await measureInPage(
  target as Target,
  'microRuns',
  Math.max(2, Number(runs)),
  software === 'software',
);

/** The bar: so close, or one of the two says that it is not stable. */
const AGREEMENT = 0.05;

const reports = measured.runs.map(({ report }) => report);
const figures = MICRO_NAMES.flatMap((name) => {
  const readings = reports.flatMap(({ figures: all }) => all[name] ?? []);
  if (readings.length === 0) return [];
  const pairs = readings.slice(1).map((reading, index) => {
    const before = readings[index] ?? reading;
    const ratio = reading.median / before.median;
    const agrees = Math.abs(ratio - 1) <= AGREEMENT;
    return { ratio, flagged: !reading.stable || !before.stable, agrees };
  });
  return [
    {
      name,
      medians: readings.map(({ median }) => median),
      stable: readings.map(({ stable }) => stable),
      samples: readings.map(({ samples }) => samples.length),
      ratios: pairs.map(({ ratio }) => ratio),
      holds: pairs.every(({ agrees, flagged }) => agrees || flagged),
    },
  ];
});
const report = {
  schema: 'witan.measure.probe-twice',
  version: 1,
  conditions: reports[0]?.conditions,
  skipped: reports[0]?.skipped,
  wallMs: reports.map(({ wallMs }) => wallMs),
  figures,
  stopsMs: measured.stopsMs,
  page: { runs: measured.runs.map(({ calm }) => calm), idle: measured.idle },
  reports,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
