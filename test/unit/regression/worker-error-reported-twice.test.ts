import { afterEach, expect, it, vi } from 'vitest';
import { serveWorker } from '../../../workers/lib/worker-entry.ts';
import { delivered } from '../../fakes/fake-worker.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('an uncaught error is left to the browser, which tells the page itself', async () => {
  const scope = new EventTarget();
  vi.stubGlobal('self', scope);
  serveWorker({});
  const heartbeat = new MessageChannel();
  const control = new MessageChannel();
  const heard: unknown[] = [];
  heartbeat.port1.onmessage = (event: MessageEvent) => heard.push(event.data);
  const data = { type: 'witan.hello', heartbeat: heartbeat.port2, control: control.port2, lifeLock: '' };
  scope.dispatchEvent(new MessageEvent('message', { data }));
  scope.dispatchEvent(Object.assign(new Event('error'), { message: 'Uncaught Error' }));
  heartbeat.port1.postMessage({ type: 'ping', count: 1 });
  await delivered(() => heard.length > 0);
  // Before: the worker reported it as well, and every error was counted twice.
  expect(heard).toEqual([{ type: 'ping', count: 1 }]);
  for (const { port1 } of [heartbeat, control]) port1.close();
});
