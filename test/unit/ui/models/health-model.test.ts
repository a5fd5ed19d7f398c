import { beforeEach, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { ModelHealth } from '#contracts/store-health';
import { ASKED_BYTES, HealthModel } from '../../../../src/ui/models/health-model.svelte.ts';
import {
  type FakeModelsPort,
  modelProgress,
  storedModel,
  storeHealthOf,
} from '../../../fakes/models-port.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const modelHealth = (id: string, state: ModelHealth['state'] = 'verified'): ModelHealth => ({
  id,
  name: id.toUpperCase(),
  state,
  sizeBytes: 8,
  keptBytes: 8,
  pinned: false,
  seated: false,
  lastUsedAtMs: 1,
  checkedAtMs: null,
  repairedChunks: 0,
  missingChunks: 0,
  files: [],
});

let port: FakeModelsPort;
let ports: FakePorts;
let model: HealthModel;

beforeEach(async () => {
  ports = new FakePorts(new VirtualClock());
  port = ports.modelsPort;
  model = new HealthModel(ports);
  model.connect();
  await turn();
});

it('is looked at anew whenever something changes', async () => {
  expect(model.health).toEqual(storeHealthOf());
  port.healthNow = storeHealthOf({ models: [modelHealth('alder')] });
  port.set(storedModel(), [modelProgress({ modelId: 'alder' })]);
  await turn();
  expect(model.health?.models).toHaveLength(1);
  expect(model.progressOf('alder')?.phase).toBe('download');
});

it('keeps what was measured last, in what it shows and in what it exports', async () => {
  await model.measure();
  const measured = { atMs: 2_000_000, askedBytes: ASKED_BYTES, freeBytes: 64 };
  expect(model.health?.space.measured).toEqual(measured);
  port.set(storedModel(), []);
  await turn();
  expect((await model.exported())?.space.measured).toEqual(measured);
  expect(model.busy).toBeNull();
});

it('reads every whole model again, one after the other, and says what was found', async () => {
  port.healthNow = storeHealthOf({
    models: [modelHealth('alder'), modelHealth('birch', 'partial'), modelHealth('cedar')],
  });
  port.stored = [storedModel({ id: 'alder' }), storedModel({ id: 'cedar' })];
  await model.exported();
  await model.checkAll();
  expect(port.calls).toEqual(['verify alder', 'verify cedar']);
  expect(model.announcement).toBe('Everything is as it was written.');
  port.stored = [storedModel({ id: 'alder' }), storedModel({ id: 'cedar', state: 'suspect' })];
  await model.checkAll();
  expect(model.announcement).toBe('Parts no longer match: CEDAR.');
});

it('says why there is nothing to see', async () => {
  const problem = failure('storage-unavailable', { reason: 'refused' });
  port.health = () => Promise.resolve(err(problem));
  const other = new HealthModel(ports);
  other.connect();
  await turn();
  expect([other.problem, other.health, await other.exported()]).toEqual([problem, null, null]);
  const unfetched = new HealthModel({ models: () => Promise.reject(new TypeError('Failed to fetch')) });
  unfetched.connect();
  await turn();
  expect(unfetched.problem?.code).toBe('internal');
});

it('hears nothing more when it is left, also before the store has opened', async () => {
  const other = new HealthModel(ports);
  other.connect()();
  await turn();
  port.set(storedModel(), []);
  await turn();
  expect(other.health).toBeNull();
});

it('tries the rest when one model cannot be read', async () => {
  port.healthNow = storeHealthOf({ models: [modelHealth('alder'), modelHealth('cedar')] });
  await model.exported();
  port.verify = (id) =>
    Promise.resolve(
      id === 'alder' ? err(failure('storage-failed')) : ok(storedModel({ id, state: 'suspect' })),
    );
  await model.checkAll();
  expect([model.problem?.code, model.announcement]).toEqual([
    'storage-failed',
    'Parts no longer match: CEDAR.',
  ]);
});
