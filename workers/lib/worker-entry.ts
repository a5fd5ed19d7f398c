import * as Comlink from 'comlink';
import { err } from '#kernel/result';
import { failureOf } from '#contracts/errors';
import type { HeartbeatMessage, WorkerHello } from '#contracts/worker-api';
import type { PatienceLine } from './patience-line.ts';

type Method = (...args: unknown[]) => unknown;

/** A throw must not cross the border: it becomes a failure value (a rebuilt Error would have lost its code). */
function guarded(api: object): object {
  return new Proxy(api, {
    get: (target, name): unknown => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        try {
          return await (member as Method).apply(target, args);
        } catch (thrown) {
          return err(failureOf(thrown));
        }
      };
    },
  });
}

function isHello(data: unknown): data is WorkerHello {
  return typeof data === 'object' && data !== null && (data as { type?: unknown }).type === 'witan.hello';
}

/** The browser gives the lock up the moment this worker is gone, however it went: that is how the page knows at once. */
function holdForLife(name: string, heartbeat: MessagePort): void {
  void navigator.locks.request(name, () => {
    heartbeat.postMessage({ type: 'lock-held' } satisfies HeartbeatMessage);
    return new Promise<never>(() => undefined);
  });
}

/**
 * Serves `api` to the page. The page's first message brings two ports: pings are echoed on one at once, for the
 * supervisor; comlink speaks on the other. Unhandled rejections are reported on the first, since the browser does not tell
 * the page of them (of errors it does).
 * @param patience connected with the first, for an api that computes in this thread for long
 */
export function serveWorker(api: object, patience?: PatienceLine): void {
  const onHello = (event: MessageEvent<unknown>): void => {
    const hello = event.data;
    if (!isHello(hello)) return;
    self.removeEventListener('message', onHello);
    hello.heartbeat.onmessage = (ping: MessageEvent<HeartbeatMessage>) => {
      hello.heartbeat.postMessage(ping.data);
    };
    const report = (message: string): void => {
      hello.heartbeat.postMessage({ type: 'fault', message } satisfies HeartbeatMessage);
    };
    self.addEventListener('unhandledrejection', (fault) => {
      report(String(fault.reason));
    });
    patience?.connect(hello.heartbeat);
    if (hello.lifeLock !== '') holdForLife(hello.lifeLock, hello.heartbeat);
    Comlink.expose(guarded(api), hello.control);
  };
  self.addEventListener('message', onHello);
}
