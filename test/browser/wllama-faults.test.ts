import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '#kernel/random';
import type { Generation } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import { SHAPE_1M, syntheticGguf } from './synthetic-gguf.ts';
import { sourceOf } from './synthetic-model.ts';
import { askHost, startHost, type HostInPage } from './synthetic-host.ts';

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
  test(
    `fails every answer, at ${String(RUNS)} random moments, and is not taken for alive`,
    { timeout: TIMEOUT_MS },
    async () => {
      const random = seededRandom(3);
      for (let run = 0; run < RUNS; run += 1) {
        const { host, inner, loaded } = await startHost({ slots: 2, contextTokens: 512 });
        if (inner === undefined || !loaded.ok) throw new Error(JSON.stringify(loaded));
        const told = host.engineLost();
        const after = Math.floor(random() * 30);
        const answers = [1, 2].map((seed) =>
          askHost(host, { seed, maxTokens: 200 }, (text) => {
            if (text.length >= after) strike(inner);
          }),
        );
        if (after === 0) strike(inner);
        const lost = { ok: false, error: { code: 'worker-lost', details: { reason } } };
        for (const outcome of await Promise.all<Outcome<Generation>>(answers))
          expect(outcome).toMatchObject(lost);
        expect(await told).toMatchObject(lost);
        expect(await askHost(host)).toMatchObject(lost);
        await host.unload();
      }
    },
  );

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
      }
    },
  );
});

test('a context larger than the memory of WASM is out of memory', async () => {
  started = await startHost({ contextTokens: 16_000_000 });
  expect(started.loaded).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
});
