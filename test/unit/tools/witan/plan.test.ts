import { expect, test } from 'vitest';
import { err, ok } from '#kernel/result';
import type { SpeedMeasurement } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import type { CapacityPort, WitanPorts } from '#contracts/ports';
import { planCapacity } from '../../../../src/capacity/plan/plan-capacity.ts';
import { readCommand, type CommandOf } from '../../../../tools/witan/arguments.ts';
import type { PageTools } from '../../../../tools/witan/session.ts';
import { plan } from '../../../../tools/witan/verbs/plan.ts';
import { planInput } from '../../../fakes/plan-inputs.ts';

const MEASURED: SpeedMeasurement = {
  schema: 'witan.speed-measurement',
  version: 1,
  measuredAtMs: 0,
  wallMs: 1,
  engine: 'wllama',
  backend: 'cpu',
  threads: 2,
  userAgent: '',
  models: [],
  voided: 0,
  spread: null,
  stable: true,
};

/** A page whose capacity port does what the script says. */
function rig(known: SpeedMeasurement | null, measuring: Outcome<SpeedMeasurement>) {
  const calls: string[] = [];
  const said: string[] = [];
  const capacity: Pick<CapacityPort, 'measurement' | 'measure' | 'plan'> = {
    measurement: () => Promise.resolve(ok(known)),
    measure: (_signal, onProgress) => {
      calls.push('measure');
      onProgress({ phase: 'run', fraction: 0.55, secondsLeft: 3 });
      return Promise.resolve(measuring);
    },
    plan: (_signal, goal) => {
      calls.push(`plan ${goal}`);
      return Promise.resolve(ok(planCapacity(planInput({ goal }))));
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

const command = readCommand(['plan', '--goal', 'quality'], {}) as CommandOf<'plan'>;

test('a device that was measured is planned for at once', async () => {
  const { calls, said, session } = rig(MEASURED, err(failure('benchmark-void')));
  expect(await plan(session, command)).toMatchObject({ goal: 'quality', valid: true });
  expect([calls, said]).toEqual([['plan quality'], []]);
});

test('one that was not is measured first, and the log says so', async () => {
  const { calls, said, session } = rig(null, ok(MEASURED));
  await plan(session, command);
  expect(calls).toEqual(['measure', 'plan quality']);
  expect(said).toEqual(['This device was not measured yet: measuring it first.', 'run: 50 %']);
});

test('where measuring fails there is no plan', async () => {
  const { calls, session } = rig(null, err(failure('benchmark-void')));
  await expect(plan(session, command)).rejects.toMatchObject({ code: 'benchmark-void' });
  expect(calls).toEqual(['measure']);
});
