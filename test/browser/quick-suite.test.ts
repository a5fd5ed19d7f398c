import { afterEach, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { canonicalise } from '../../src/bench/canonical-result.ts';
import { QuickSuite } from '../../src/bench/quick-suite.ts';
import { decode, linkFor } from '../../src/bench/share-codec.ts';
import { VisibilityLog } from '../../src/bench/visibility-log.ts';
import { typicalResult } from '../fakes/bench-results.ts';
import { startModel, type StartedModel } from './starter-model.ts';

const NEVER = new AbortController().signal;

let started: StartedModel | undefined;

afterEach(async () => {
  await started?.engine.unload();
});

test('measures a real model and gives a result that fits a link', async () => {
  started = await startModel('alder');
  const { engine, options } = started;
  expect(await engine.load(NEVER, options)).toMatchObject({ ok: true });
  const suite = new QuickSuite([{ id: 'alder', engine }], {
    clock: systemClock,
    visibility: new VisibilityLog(systemClock, false),
    environment: typicalResult().environment,
    seed: 1,
  });
  const outcome = await suite.run(NEVER);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  const result = outcome.value;
  expect(result.tests.map(({ test: name, samples }) => [name, samples.length])).toEqual([
    ['pp128', 6],
    ['tg64', 6],
    ['ttft', 6],
  ]);
  for (const { median, ci } of result.tests) {
    expect(median).toBeGreaterThan(0);
    expect(ci[0]).toBeLessThanOrEqual(median);
    expect(ci[1]).toBeGreaterThanOrEqual(median);
  }
  expect(canonicalise(result)).toEqual(result);
  const link = linkFor('https://witan.example/', result);
  expect(link.ok && decode(link.value)).toEqual({ ok: true, value: result });
});
