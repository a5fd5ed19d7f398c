import * as Comlink from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WorkerSupervisor, type LifeLocks, type Patience } from '../../../src/platform/worker-supervisor.ts';
import { delivered, FakeWorker } from '../../fakes/fake-worker.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

interface EchoApi {
  echo(text: string): Promise<Outcome<string>>;
  hang(): Promise<Outcome<string>>;
}

let clock: VirtualClock;
let worker: FakeWorker;
let faults: string[];
let losses: WitanFailure[];

function adopt(locks: LifeLocks | null = null, patience: Patience = {}): WorkerHandle<EchoApi> {
  const supervisor = new WorkerSupervisor(
    clock,
    {
      onFault: (name, message) => faults.push(`${name}: ${message}`),
      onLost: (_name, reason) => losses.push(reason),
    },
    locks,
  );
  const handle = supervisor.adopt<EchoApi>('alder', worker, patience);
  const api: EchoApi = {
    echo: (text) => Promise.resolve(ok(text)),
    hang: () => new Promise(() => undefined),
  };
  if (worker.hello !== null) Comlink.expose(api, worker.hello.control);
  return handle;
}

/** Passes the time of `pings` pings and delivers what is on its way after each. */
async function pass(pings: number): Promise<void> {
  for (let ping = 0; ping < pings; ping += 1) {
    clock.advance(250);
    await delivered(() => worker.pings.length >= ping);
    await delivered();
  }
}

beforeEach(() => {
  vi.stubGlobal('ErrorEvent', class extends Event {});
  clock = new VirtualClock();
  worker = new FakeWorker();
  faults = [];
  losses = [];
});

afterEach(() => {
  worker.closePorts();
  vi.unstubAllGlobals();
});

describe('the heartbeat', () => {
  it('leaves a worker alone that echoes', async () => {
    const handle = adopt();
    await pass(30);
    expect(handle.alive).toBe(true);
    expect(worker.pings).toHaveLength(30);
    handle.terminate(failure('cancelled'));
  });

  it('gives a worker up that falls silent, after six pings', async () => {
    const handle = adopt();
    const heard: WitanFailure[] = [];
    handle.onLost((reason) => heard.push(reason));
    await pass(4);
    worker.echoes = false;
    await pass(6);
    expect(handle.alive).toBe(true);
    await pass(1);
    expect(handle.alive).toBe(false);
    expect(worker.terminated).toBe(1);
    expect(heard).toEqual([failure('worker-lost', { member: 'alder', missedPings: 6 })]);
    expect(losses).toEqual(heard);
    expect(clock.pending).toBe(0);
  });

  it('has the patience that a worker asks for before it computes for long, until it takes that back', async () => {
    const handle = adopt();
    const ask = async (silenceAllowedMs: number | null): Promise<void> => {
      worker.hello?.heartbeat.postMessage({ type: 'patience', silenceAllowedMs });
      await delivered();
    };
    await pass(1);
    await ask(180_000);
    worker.echoes = false;
    await pass(700);
    expect(handle.alive).toBe(true);
    worker.echoes = true;
    await pass(1);
    await ask(null);
    worker.echoes = false;
    await pass(7);
    expect(losses).toEqual([failure('worker-lost', { member: 'alder', missedPings: 6 })]);
  });

  it('finds a hung worker in the end, whatever that has asked for', async () => {
    const handle = adopt();
    await pass(1);
    worker.hello?.heartbeat.postMessage({ type: 'patience', silenceAllowedMs: Infinity });
    await delivered();
    worker.echoes = false;
    await pass(1200);
    expect(handle.alive).toBe(true);
    await pass(1);
    expect(handle.alive).toBe(false);
  });

  it('lets a worker be as busy as its kind may be, and finds it when it hangs', async () => {
    const handle = adopt(null, { silenceAllowedMs: 30_000 });
    await pass(1);
    worker.echoes = false;
    await pass(119);
    worker.echoes = true;
    await pass(2);
    expect(handle.alive).toBe(true);
    worker.echoes = false;
    await pass(120);
    expect(handle.alive).toBe(true);
    await pass(1);
    expect(losses).toEqual([failure('worker-lost', { member: 'alder', missedPings: 120 })]);
  });

  it('forgives a worker that was busy for a second', async () => {
    const handle = adopt();
    await pass(2);
    worker.echoes = false;
    await pass(5);
    worker.echoes = true;
    worker.say({ type: 'ping', count: 7 });
    await pass(20);
    expect(handle.alive).toBe(true);
    handle.terminate(failure('cancelled'));
  });

  it('counts pings, not time: a page that sleeps for an hour loses nobody', async () => {
    const handle = adopt();
    await pass(2);
    clock.block(3_600_000);
    await pass(10);
    expect(handle.alive).toBe(true);
    handle.terminate(failure('cancelled'));
  });

  it('waits a minute for the first echo, since the script may be slow to come', async () => {
    const handle = adopt();
    worker.echoes = false;
    clock.advance(250 * 240);
    expect(handle.alive).toBe(true);
    clock.advance(250);
    expect(handle.alive).toBe(false);
    expect(losses[0]).toMatchObject({ code: 'worker-lost', details: { missedPings: 240 } });
  });

  it('lets a slow starter answer all its pings at once', async () => {
    const handle = adopt();
    worker.echoes = false;
    await pass(20);
    worker.echoes = true;
    for (const count of [...worker.pings]) worker.say({ type: 'ping', count });
    await pass(10);
    expect(handle.alive).toBe(true);
    handle.terminate(failure('cancelled'));
  });
});

describe('faults', () => {
  it('an error before the first echo means that the script does not run', () => {
    const handle = adopt();
    worker.raiseError();
    expect(handle.alive).toBe(false);
    expect(losses).toEqual([failure('worker-lost', { member: 'alder' }, 'worker script failed to start')]);
  });

  it('an error later is reported and nothing more', async () => {
    const handle = adopt();
    await pass(2);
    worker.raiseError();
    expect(handle.alive).toBe(true);
    expect(faults).toHaveLength(1);
    handle.terminate(failure('cancelled'));
  });

  it('passes on what the worker itself reports', async () => {
    const handle = adopt();
    worker.say({ type: 'fault', message: 'Error: nobody caught me' });
    await delivered(() => faults.length > 0);
    expect(faults).toEqual(['alder: Error: nobody caught me']);
    expect(handle.alive).toBe(true);
    handle.terminate(failure('cancelled'));
  });
});

describe('calls', () => {
  it('return what the worker answers', async () => {
    const handle = adopt();
    expect(await handle.call(1000, (api) => api.echo('hello'))).toEqual(ok('hello'));
    // Only the heartbeat's timer is left: the deadline is gone.
    expect(clock.pending).toBe(1);
    handle.terminate(failure('cancelled'));
  });

  it('end at their deadline, and the worker lives on', async () => {
    const handle = adopt();
    const called = handle.call(600, (api) => api.hang());
    await pass(3);
    expect(await called).toEqual({
      ok: false,
      error: failure('deadline-exceeded', { limitMs: 600, member: 'alder' }),
    });
    expect(handle.alive).toBe(true);
    expect(await handle.call(1000, (api) => api.echo('still here'))).toEqual(ok('still here'));
    handle.terminate(failure('cancelled'));
  });

  it('all end when the worker is given up, with its reason', async () => {
    const handle = adopt();
    const calls = [handle.call(null, (api) => api.hang()), handle.call(5000, (api) => api.hang())];
    const reason = failure('worker-silent', { member: 'alder', silentMs: 15_000, phase: 'token-gap' });
    handle.terminate(reason);
    for (const outcome of await Promise.all(calls)) expect(outcome).toEqual({ ok: false, error: reason });
    expect(clock.pending).toBe(0);
  });

  it('fail at once afterwards', async () => {
    const handle = adopt();
    const reason = failure('worker-lost', { member: 'alder' });
    handle.terminate(reason);
    expect(await handle.call(1000, (api) => api.echo('x'))).toEqual({ ok: false, error: reason });
    expect(clock.pending).toBe(0);
  });

  it('turn a rejection into a failure', async () => {
    const handle = adopt();
    const called = handle.call(1000, () => Promise.reject(new Error('boom')));
    expect(await called).toMatchObject({ ok: false, error: { code: 'internal', cause: 'Error: boom' } });
    handle.terminate(failure('cancelled'));
  });
});

describe('the end of a worker', () => {
  it('is told once, also to those who ask later', () => {
    const handle = adopt();
    const heard: string[] = [];
    handle.onLost((reason) => heard.push(`early ${reason.code}`));
    const forget = handle.onLost(() => heard.push('forgotten'));
    forget();
    handle.terminate(failure('worker-lost', { member: 'alder' }));
    handle.terminate(failure('worker-silent', { member: 'alder' }));
    handle.onLost((reason) => heard.push(`late ${reason.code}`));
    expect(heard).toEqual(['early worker-lost', 'late worker-lost']);
    expect(worker.terminated).toBe(1);
  });

  it('is no loss when it was wanted', () => {
    const handle = adopt();
    handle.terminate(failure('cancelled', { member: 'alder' }));
    expect(losses).toEqual([]);
    expect(handle.alive).toBe(false);
  });
});

describe('the life lock', () => {
  it('tells of a dead worker at once when the browser has locks', async () => {
    let grant: () => void = () => undefined;
    const asked: string[] = [];
    const handle = adopt({
      request: (name, _options, granted) => {
        asked.push(name);
        grant = granted;
        return new Promise(() => undefined);
      },
    });
    expect(worker.hello?.lifeLock).toMatch(/^witan\.worker\./);
    expect(asked).toEqual([]); // asked before the worker holds it, the lock would be granted at once
    worker.say({ type: 'lock-held' });
    await delivered(() => asked.length > 0);
    expect(asked).toEqual([worker.hello?.lifeLock]);
    grant();
    expect(handle.alive).toBe(false);
    expect(losses).toEqual([failure('worker-lost', { member: 'alder' })]);
  });

  it('is no longer waited for once the worker was taken down', async () => {
    let signal: AbortSignal | null = null;
    const handle = adopt({
      request: (_name, options) => {
        signal = options.signal;
        return new Promise((_resolve, reject) => {
          options.signal.addEventListener('abort', () => {
            reject(new DOMException('ended', 'AbortError'));
          });
        });
      },
    });
    worker.say({ type: 'lock-held' });
    await delivered(() => signal !== null);
    handle.terminate(failure('cancelled'));
    expect(signal).toMatchObject({ aborted: true });
  });
});
