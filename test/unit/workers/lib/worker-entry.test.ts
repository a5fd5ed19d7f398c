import * as Comlink from 'comlink';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import { failure, WitanError, type Outcome } from '#contracts/errors';
import type { HeartbeatMessage } from '#contracts/worker-api';
import { PatienceLine } from '../../../../workers/lib/patience-line.ts';
import { serveWorker } from '../../../../workers/lib/worker-entry.ts';
import { delivered } from '../../../fakes/fake-worker.ts';

class Api {
  readonly #prefix = 'you said ';

  echo(text: string): Promise<Outcome<string>> {
    return Promise.resolve(ok(this.#prefix + text));
  }

  typed(): Promise<Outcome<string>> {
    throw new WitanError(failure('model-invalid', { model: 'Alder' }));
  }

  rejects(): Promise<Outcome<string>> {
    return Promise.reject(new RangeError('too far'));
  }
}

let scope: EventTarget;
let heartbeat: MessageChannel;
let control: MessageChannel;
let heard: HeartbeatMessage[];
let patience: PatienceLine;

beforeEach(() => {
  scope = new EventTarget();
  vi.stubGlobal('self', scope);
  heartbeat = new MessageChannel();
  control = new MessageChannel();
  heard = [];
  heartbeat.port1.onmessage = (event: MessageEvent<HeartbeatMessage>) => heard.push(event.data);
  patience = new PatienceLine();
  serveWorker(new Api(), patience);
});

afterEach(() => {
  vi.unstubAllGlobals();
  for (const channel of [heartbeat, control]) {
    channel.port1.close();
    channel.port2.close();
  }
});

function hello(lifeLock = ''): void {
  const data = { type: 'witan.hello', heartbeat: heartbeat.port2, control: control.port2, lifeLock };
  scope.dispatchEvent(new MessageEvent('message', { data }));
}

it('echoes every ping', async () => {
  hello();
  heartbeat.port1.postMessage({ type: 'ping', count: 1 });
  heartbeat.port1.postMessage({ type: 'ping', count: 2 });
  await delivered(() => heard.length === 2);
  expect(heard).toEqual([
    { type: 'ping', count: 1 },
    { type: 'ping', count: 2 },
  ]);
});

it('serves the api, private fields included', async () => {
  hello();
  const api = Comlink.wrap<Api>(control.port1);
  expect(await api.echo('hi')).toEqual(ok('you said hi'));
});

it('turns what is thrown into a failure with its code', async () => {
  hello();
  const api = Comlink.wrap<Api>(control.port1);
  expect(await api.typed()).toEqual({ ok: false, error: failure('model-invalid', { model: 'Alder' }) });
  expect(await api.rejects()).toMatchObject({
    ok: false,
    error: { code: 'internal', cause: 'RangeError: too far' },
  });
});

it('takes no other first message, and only one', async () => {
  for (const data of [null, 'hello', { type: 'other' }]) {
    scope.dispatchEvent(new MessageEvent('message', { data }));
  }
  hello();
  const second = new MessageChannel();
  scope.dispatchEvent(
    new MessageEvent('message', {
      data: { type: 'witan.hello', heartbeat: second.port2, control: second.port2, lifeLock: '' },
    }),
  );
  heartbeat.port1.postMessage({ type: 'ping', count: 1 });
  await delivered(() => heard.length === 1);
  expect(heard).toHaveLength(1);
  second.port1.close();
});

it('reports rejections that nobody handled', async () => {
  hello();
  scope.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason: new Error('lost') }));
  await delivered(() => heard.length > 0);
  expect(heard).toEqual([{ type: 'fault', message: 'Error: lost' }]);
});

it('holds its life lock for ever, and says when it has it', async () => {
  let held: Promise<unknown> | null = null;
  const request = vi.fn((_name: string, granted: () => Promise<unknown>) => {
    held = granted();
    return held;
  });
  vi.stubGlobal('navigator', { locks: { request } });
  hello('witan.worker.1');
  await delivered(() => heard.length > 0);
  expect(request).toHaveBeenCalledWith('witan.worker.1', expect.any(Function));
  expect(heard).toEqual([{ type: 'lock-held' }]);
  const settled = vi.fn();
  void (held as Promise<unknown> | null)?.then(settled, settled);
  await delivered();
  expect(settled).not.toHaveBeenCalled();
});

it('passes a wish for patience on, once there is somebody to hear it', async () => {
  patience.ask(1);
  hello();
  patience.ask(5_000);
  patience.ask(null);
  await delivered(() => heard.length === 2);
  expect(heard).toEqual([
    { type: 'patience', silenceAllowedMs: 5_000 },
    { type: 'patience', silenceAllowedMs: null },
  ]);
});
