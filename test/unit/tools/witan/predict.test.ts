import { expect, test } from 'vitest';
import { err, ok } from '#kernel/result';
import type { PredictReport, SpeedMeasurement } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import type { ModelMeasurement } from '#contracts/model-measurement';
import type { CapacityPort, WitanPorts } from '#contracts/ports';
import { readCommand, type CommandOf } from '../../../../tools/witan/arguments.ts';
import type { PageTools } from '../../../../tools/witan/session.ts';
import { predict } from '../../../../tools/witan/verbs/predict.ts';
import { predictReport, speedMeasurement } from '../../../fakes/capacity-data.ts';
import { modelMeasurement } from '../../../fakes/model-measurement.ts';

/** A page whose capacity port does what the script says. */
function rig(
  known: Outcome<SpeedMeasurement | null>,
  measuring: Outcome<SpeedMeasurement>,
  predicting: Outcome<PredictReport> = ok(predictReport(known.ok && known.value !== null)),
  measuringModel: Outcome<ModelMeasurement> = ok(modelMeasurement()),
) {
  const calls: string[] = [];
  const said: string[] = [];
  const capacity: Pick<CapacityPort, 'measurement' | 'measure' | 'measureModel' | 'predict'> = {
    measureModel: (_signal, id, onProgress) => {
      calls.push(`measureModel ${id}`);
      for (const fraction of [0.1, 0.15, 0.4]) onProgress({ phase: 'run', fraction, secondsLeft: null });
      return Promise.resolve(measuringModel);
    },
    measurement: () => Promise.resolve(known),
    measure: (_signal, onProgress) => {
      calls.push('measure');
      for (const fraction of [0.04, 0.55, 0.58, 1]) onProgress({ phase: 'run', fraction, secondsLeft: 3 });
      return Promise.resolve(measuring);
    },
    predict: (_signal, ids) => {
      calls.push(`predict ${ids?.join(' ') ?? 'all'}`);
      return Promise.resolve(predicting);
    },
  };
  const ports = { capacity: () => Promise.resolve(capacity) } as unknown as WitanPorts;
  const tools: PageTools = { ports, signal: new AbortController().signal, say: (line) => said.push(line) };
  const session = {
    run: <A, T>(argument: A, body: (tools: PageTools, argument: A) => Promise<T>): Promise<T> =>
      body(tools, argument),
  };
  return { calls, said, session };
}

const MEASURED = ok(speedMeasurement());
const command = (...argv: readonly string[]): CommandOf<'predict'> =>
  readCommand(['predict', ...argv], {}) as CommandOf<'predict'>;

test('a device that was measured is told of at once', async () => {
  const { calls, said, session } = rig(MEASURED, err(failure('benchmark-void')));
  const { wall, ...document } = await predict(session, command());
  const { wall: _wall, ...report } = predictReport();
  expect(document).toEqual(report);
  expect(wall).toBeGreaterThanOrEqual(0);
  expect([calls, said]).toEqual([['predict all'], []]);
});

test('the models that are named are asked about, and no other', async () => {
  const { calls, session } = rig(MEASURED, MEASURED);
  await predict(session, command('--models', 'a,b'));
  expect(calls).toEqual(['predict a b']);
});

test('a model that is to be measured is, and it alone is told of', async () => {
  const { calls, said, session } = rig(ok(null), MEASURED);
  await predict(session, command('--measure', 'Llama-MLC'));
  expect(calls).toEqual(['measureModel Llama-MLC', 'predict Llama-MLC']);
  expect(said).toEqual([
    'Measuring Llama-MLC with random weights: its compiled library is fetched, and nothing else.',
    'run: 10 %',
    'run: 40 %',
  ]);
});

test('beside others that are named, the device is measured too', async () => {
  const { calls, session } = rig(ok(null), MEASURED);
  await predict(session, command('--measure', 'c', '--models', 'a,b'));
  expect(calls).toEqual(['measureModel c', 'measure', 'predict a b']);
});

test('a model that cannot be measured is a failure: it was asked for', async () => {
  const { calls, session } = rig(MEASURED, MEASURED, undefined, err(failure('engine-unavailable')));
  await expect(predict(session, command('--measure', 'c'))).rejects.toMatchObject({
    code: 'engine-unavailable',
  });
  expect(calls).toEqual(['measureModel c']);
});

test('one that was not is measured first, and the log says so', async () => {
  const { calls, said, session } = rig(ok(null), MEASURED);
  await predict(session, command());
  expect(calls).toEqual(['measure', 'predict all']);
  expect(said).toEqual(['This device was not measured yet: measuring it first.', 'run: 50 %', 'run: 100 %']);
});

test('where measuring fails, what can be said without is said', async () => {
  const { calls, said, session } = rig(ok(null), err(failure('benchmark-void')));
  expect(await predict(session, command())).toMatchObject({ measuredOn: null });
  expect(calls).toEqual(['measure', 'predict all']);
  expect(said.at(-1)).toBe('Not measured (benchmark-void): speeds are not known.');
});

test('a failure of the app is one of the driver', async () => {
  const unknown = err(failure('member-unknown', { member: 'x' }));
  await expect(predict(rig(MEASURED, MEASURED, unknown).session, command())).rejects.toMatchObject({
    code: 'member-unknown',
    exitCode: 1,
  });
  const { calls, session } = rig(err(failure('cancelled')), MEASURED);
  await expect(predict(session, command())).rejects.toMatchObject({ code: 'cancelled' });
  expect(calls).toEqual([]);
});
