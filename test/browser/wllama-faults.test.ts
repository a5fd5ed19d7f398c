import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '#kernel/random';
import { SHAPE_1M, syntheticGguf } from './synthetic-gguf.ts';
import { sourceOf } from './synthetic-model.ts';
import { startHost, type HostInPage } from './synthetic-host.ts';

const RUNS = 20;
/** Each run starts an engine, a second's work on a busy machine; only there to end a test that hangs. */
const TIMEOUT_MS = RUNS * 10_000;

let started: HostInPage | undefined;

afterEach(async () => {
  await started?.host.unload();
});

/** What can befall the worker inside wllama. */
const FAULTS: readonly (readonly [string, (inner: Worker) => void, string])[] = [
  [
    'is gone without a word',
    (inner) => {
      inner.terminate();
    },
    'gone',
  ],
  [
    'traps',
    (inner) => {
      // An action that llama.cpp's side does not know: it calls abort().
      inner.postMessage({ verb: 'wllama.action', args: ['none', new Uint8Array(64)], callbackId: 1e9 });
    },
    'trapped',
  ],
  [
    'throws',
    (inner) => {
      inner.postMessage({ verb: 'wllama.action', args: ['get_result', null], callbackId: 1e9 });
    },
    'trapped',
  ],
];

describe.each(FAULTS)('a worker inside wllama that %s', (_name, strike, reason) => {
  test('is told when nobody asks for anything', async () => {
    started = await startHost();
    const told = started.host.engineLost();
    if (started.inner !== undefined) strike(started.inner);
    expect(await told).toMatchObject({ error: { code: 'worker-lost', details: { reason } } });
  });
});

test('a worker inside wllama that is gone while it reads the file fails the load', async () => {
  started = await startHost({}, (inner) => {
    inner.addEventListener('message', ({ data }: MessageEvent<{ verb?: string }>) => {
      if (data.verb === 'fs.read_req') inner.terminate();
    });
  });
  expect(started.loaded).toMatchObject({
    ok: false,
    error: { code: 'worker-lost', details: { reason: 'gone' } },
  });
});

describe('a file that is no whole model', () => {
  const whole = syntheticGguf(SHAPE_1M, { seed: 1 });

  test(`cut off at ${String(RUNS)} random places is a typed failure`, { timeout: TIMEOUT_MS }, async () => {
    const random = seededRandom(5);
    for (let run = 0; run < RUNS; run += 1) {
      const length = 4 + Math.floor(random() * (whole.length - 5));
      const model = await sourceOf(whole.slice(0, length));
      started = await startHost({ model });
      expect(started.loaded.ok ? `loaded ${String(length)}` : started.loaded.error.code).toMatch(
        /^model-(invalid|load-failed)$/,
      );
      await started.host.unload();
    }
  });

  test(
    `of random bytes behind a right beginning, ${String(RUNS)} times, is a typed failure`,
    { timeout: TIMEOUT_MS },
    async () => {
      const random = seededRandom(6);
      for (let run = 0; run < RUNS; run += 1) {
        const bytes = whole.slice(0, 4096);
        for (let at = 4 + run * 8; at < bytes.length; at += 1) bytes[at] = random() * 256;
        started = await startHost({ model: await sourceOf(bytes) });
        expect(started.loaded.ok ? `loaded ${String(run)}` : started.loaded.error.code).toMatch(
          /^(model-(invalid|load-failed)|out-of-memory)$/,
        );
        await started.host.unload();
      }
    },
  );
});

test('a context larger than the memory of WASM is out of memory', async () => {
  started = await startHost({ contextTokens: 16_000_000 });
  expect(started.loaded).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
});
