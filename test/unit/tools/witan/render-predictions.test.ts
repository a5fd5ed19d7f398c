import * as v from 'valibot';
import { expect, test } from 'vitest';
import { HEADLESS_SCHEMAS } from '../../../../src/contracts/headless.ts';
import { render } from '../../../../tools/witan/render.ts';
import { prediction, predictReport } from '../../../fakes/capacity-data.ts';

test('the report is the document of its verb', () => {
  const report = predictReport();
  expect(v.parse(HEADLESS_SCHEMAS.predict, JSON.parse(JSON.stringify(report)))).toEqual(report);
});

test('a line a model, with the interval of each figure', () => {
  const models = [
    prediction({
      id: 'one',
      tokensPerSecond: { low: 8.14, median: 9.8, high: 11.96 },
      ttft: { low: 980, median: 1240, high: 1610 },
      memory: { low: 2 ** 29, median: 2 ** 30, high: 1.5 * 2 ** 30 },
      caveats: ['unstable', 'beyond-measured'],
    }),
    prediction({ id: 'longer-id', tokensPerSecond: null, ttft: null, memory: null, fits: 'will-not-fit' }),
  ];
  expect(render('predict', { ...predictReport(), models }).split('\n')).toEqual([
    'model      fits          writes                      first token         memory                   because',
    'one        runs-well     9.8 tokens/s (8.1 to 12.0)  1.2 s (1.0 to 1.6)  1.00 GiB (0.50 to 1.50)  unstable, beyond-measured',
    'longer-id  will-not-fit  –                           –                   –',
    'Measured 2023-11-14T22:13:20.000Z on cpu, 2 threads.',
  ]);
});

test('says what it rests on: nothing, or what was unsteady', () => {
  const last = (...report: Parameters<typeof predictReport>): string | undefined =>
    render('predict', predictReport(...report))
      .split('\n')
      .at(-1);
  expect(last(false)).toBe('This device was not measured: speeds are not known.');
  expect(last(true, false)).toMatch(/2 threads, unsteady\.$/);
});

test('every row is told, and nothing that is not a figure', () => {
  for (const measured of [true, false]) {
    const report = predictReport(measured);
    const text = render('predict', report);
    expect(text.split('\n')).toHaveLength(report.models.length + 2);
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  }
});
