import type { Wllama } from '@wllama/wllama/esm/index.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InnerWorkerWatch, type InnerFate } from '../../../../workers/inference/wllama-inner-worker.ts';
import { turn } from '../../../fakes/turn.ts';

/** The worker that wllama makes for itself. */
class FakeInnerWorker extends EventTarget {
  say(verb: string, ...args: unknown[]): void {
    this.dispatchEvent(new MessageEvent('message', { data: { verb, args } }));
  }
  answers(outcome: { readonly result: unknown } | { readonly err: unknown }): void {
    this.dispatchEvent(new MessageEvent('message', { data: { callbackId: 1, ...outcome } }));
  }
  breaks(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
}

/** One lock: whoever asks second waits until the first is gone. */
class FakeLocks {
  waiting: (() => void) | null = null;
  request(_name: string, { signal }: { signal: AbortSignal }, granted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = () => {
        granted();
        resolve();
      };
      signal.addEventListener('abort', () => {
        this.waiting = null;
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }
}

/** wllama's `ProxyToWorker`, as far as it matters. */
class FakeProxy {
  worker: unknown = undefined;
  wllamaAction(): Promise<unknown> {
    return Promise.resolve(null);
  }
  getModuleCode(): Promise<string> {
    return Promise.resolve('var Module;');
  }
}

let wllama: { proxy: FakeProxy | null };
let locks: FakeLocks;
let inner: FakeInnerWorker;
let fates: InnerFate[];
let watch: InnerWorkerWatch;

beforeEach(() => {
  locks = new FakeLocks();
  vi.stubGlobal('Worker', FakeInnerWorker);
  vi.stubGlobal('navigator', { locks });
  wllama = { proxy: null };
  fates = [];
  watch = new InnerWorkerWatch(wllama as unknown as Wllama, (fate) => fates.push(fate));
  inner = new FakeInnerWorker();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** As wllama does: first the proxy, then the script, then the worker. */
async function start(): Promise<string> {
  const proxy = new FakeProxy();
  wllama.proxy = proxy;
  const code = await proxy.getModuleCode();
  proxy.worker = inner;
  return code;
}

it('finds the proxy, and none where wllama is built otherwise', async () => {
  expect(watch.proxy).toBeNull();
  await start();
  expect(watch.proxy).toBe(wllama.proxy);
  Reflect.set(wllama, 'proxy', {});
  expect(watch.proxy).toBeNull();
});

it('adds its line before the code of llama.cpp, and nothing that the code replaces', async () => {
  const code = await start();
  expect(code.endsWith('var Module;')).toBe(true);
  // wllama renames the first 'var Module' it finds.
  expect(code.indexOf('var Module')).toBe(code.length - 'var Module;'.length);
  expect(code).toContain('witan.alive');
});

describe('tells', () => {
  it.each([
    ['abort', ['abort', '', 'stack', null], { kind: 'trapped', message: '' }],
    [
      'abort with a reason that is no text',
      ['abort', new Error('404 : https://page/wllama.wasm'), '', null],
      { kind: 'trapped', message: 'Error: 404 : https://page/wllama.wasm' },
    ],
    [
      'trap',
      ['exception', 'unreachable', 'stack', new WebAssembly.RuntimeError('unreachable')],
      { kind: 'trapped', message: 'unreachable' },
    ],
  ])('of an %s', async (_name, args, fate) => {
    await start();
    inner.say('signal.abort', ...args);
    expect(fates).toMatchObject([fate]);
  });

  it('of an error that nobody caught', async () => {
    await start();
    inner.breaks('SyntaxError');
    expect(fates).toMatchObject([{ kind: 'failed', message: 'SyntaxError' }]);
  });

  it('of a script that could not be started', async () => {
    await start();
    inner.breaks('');
    expect(fates).toMatchObject([{ kind: 'failed', message: 'the script could not be started' }]);
  });

  it('of a rejection that nobody caught', async () => {
    await start();
    inner.say('witan.fault', 'TypeError: x');
    expect(fates).toMatchObject([{ kind: 'failed', message: 'TypeError: x' }]);
  });

  it('of a GPU device that is lost', async () => {
    await start();
    inner.say('witan.device', 'unknown: the driver was reset');
    expect(fates).toMatchObject([{ kind: 'device-lost', message: 'unknown: the driver was reset' }]);
  });

  it('at once of a worker that is gone without a word', async () => {
    await start();
    expect(locks.waiting).toBeNull();
    inner.say('witan.alive');
    locks.waiting?.();
    expect(fates).toMatchObject([{ kind: 'gone', message: 'the worker ended' }]);
  });

  it('whether the module had come to life before', async () => {
    await start();
    inner.answers({ err: 'no such file' });
    inner.say('signal.abort', 'exception', '__wasm_call_ctors is not a function', '', new TypeError());
    expect(fates).toMatchObject([{ initialised: false }]);
  });

  it('that the module had come to life before', async () => {
    await start();
    inner.answers({ result: null });
    inner.say('signal.abort', 'abort', '', '', null);
    expect(fates).toMatchObject([{ initialised: true }]);
  });

  it('only once', async () => {
    await start();
    inner.say('signal.abort', 'abort', '', '', null);
    inner.breaks('again');
    expect(fates).toHaveLength(1);
  });
});

it('takes an exception of C++ for the fault of one request', async () => {
  await start();
  const thrown = new RangeError('Invalid typed array length: 1163217991');
  inner.say('signal.abort', 'exception', thrown.message, '', thrown);
  expect(fates).toEqual([]);
});

it('is silent about the log, and about an end that we bring ourselves', async () => {
  await start();
  inner.say('console.log', 'hello');
  inner.dispatchEvent(new MessageEvent('message', { data: null }));
  inner.say('witan.alive');
  watch.end();
  await turn();
  expect(locks.waiting).toBeNull();
  inner.breaks('terminated');
  expect(fates).toEqual([]);
});
