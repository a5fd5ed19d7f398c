import { expect, it } from 'vitest';
import { FetchNet, type OnlineScope } from '../../../../src/storage/download/fetch-net.ts';

const NEVER = new AbortController().signal;
const lent = (): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(10), 2, 5);
const scope: OnlineScope = {
  navigator: { onLine: true },
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};
const URL = 'https://models.example/model.gguf';

it('sends one GET that needs no preflight and carries nothing of the user', async () => {
  const seen: { url: string; init: RequestInit }[] = [];
  const net = new FetchNet((url, init) => {
    seen.push({ url, init });
    return Promise.resolve(new Response('x'));
  }, scope);
  await net.get(NEVER, URL, { fromByte: 5, toByte: 10 });
  await net.get(NEVER, URL, null);
  const always = {
    method: 'GET',
    mode: 'cors',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
    signal: NEVER,
  };
  expect(seen).toEqual([
    { url: URL, init: { ...always, headers: { range: 'bytes=5-9' } } },
    { url: URL, init: { ...always, headers: {} } },
  ]);
});

it('reads the head, and a length only where it is one', async () => {
  for (const [length, expected] of [
    ['12', 12],
    ['-1', null],
    ['1e3', null],
    ['12, 12', null],
    ['', null],
  ] as const) {
    const net = new FetchNet(
      () =>
        Promise.resolve(
          new Response('x', { status: 206, headers: { 'content-length': length, etag: '"a"' } }),
        ),
      scope,
    );
    expect(await net.get(NEVER, URL, null)).toMatchObject({
      ok: true,
      value: { head: { status: 206, contentLength: expected, etag: '"a"', contentRange: null } },
    });
  }
});

it('tells a line that breaks from one that never was, and both from a stop', async () => {
  const refuse = new FetchNet(() => Promise.reject(new TypeError('Failed to fetch')), scope);
  expect(await refuse.get(NEVER, URL, null)).toMatchObject({ ok: false, error: { reason: 'unreachable' } });
  const stopped = AbortSignal.abort();
  expect(await refuse.get(stopped, URL, null)).toMatchObject({ ok: false, error: { reason: 'aborted' } });

  const breaks = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          controller.error(new TypeError('network error'));
        },
      }),
    );
  const cut = new FetchNet(() => Promise.resolve(breaks()), scope);
  const answer = await cut.get(NEVER, URL, null);
  expect(answer.ok && (await answer.value.body.read(lent()))).toMatchObject({
    ok: false,
    error: { reason: 'cut' },
  });
});

it('lets go of a body, read or not, at its end or before', async () => {
  let cancelled = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(3));
    },
    cancel: () => {
      cancelled += 1;
    },
  });
  const net = new FetchNet(() => Promise.resolve(new Response(body)), scope);
  const answer = await net.get(NEVER, URL, null);
  if (!answer.ok) throw new Error('no answer');
  expect(await answer.value.body.read(lent())).toEqual({
    ok: true,
    value: { bytes: new Uint8Array(3), memory: null },
  });
  answer.value.body.hangUp();
  answer.value.body.hangUp();
  expect(cancelled).toBe(1);
  expect(await answer.value.body.read(lent())).toEqual({ ok: true, value: { bytes: null, memory: null } });
});

interface SeenRead {
  readonly room: Uint8Array;
  readonly bytes: Uint8Array | null;
  readonly memory: ArrayBuffer | null;
}

async function readAll(body: ReadableStream): Promise<SeenRead[]> {
  const net = new FetchNet(() => Promise.resolve(new Response(body)), scope);
  const answer = await net.get(NEVER, URL, null);
  if (!answer.ok) throw new Error('no answer');
  const reads: SeenRead[] = [];
  do {
    const room = lent();
    const piece = await answer.value.body.read(room);
    if (!piece.ok) throw new Error(piece.error.reason);
    reads.push({ room, ...piece.value });
  } while (reads.at(-1)?.bytes !== null);
  return reads;
}

it('has bytes come into the memory that is lent, and gives it back at the end too, where a body is a byte stream', async () => {
  const reads = await readAll(new Blob([Uint8Array.from([1, 2, 3, 4, 5, 6, 7])]).stream());
  expect(reads.map(({ bytes }) => bytes && [...bytes])).toEqual([[1, 2, 3, 4, 5], [6, 7], null]);
  for (const { room, bytes, memory } of reads) {
    expect(room.byteLength).toBe(0);
    expect(memory?.byteLength).toBe(10);
    if (bytes !== null) expect([bytes.buffer === memory, bytes.byteOffset]).toEqual([true, 2]);
  }
});

it('leaves what is lent alone where a body is no byte stream', async () => {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(Uint8Array.from([1, 2, 3, 4, 5, 6, 7]));
      controller.close();
    },
  });
  const reads = await readAll(body);
  expect(reads.map(({ bytes }) => bytes && [...bytes])).toEqual([[1, 2, 3, 4, 5, 6, 7], null]);
  for (const { room, memory } of reads) expect([room.byteLength, memory]).toEqual([5, null]);
});

it('takes an answer without a body for an empty one', async () => {
  const net = new FetchNet(() => Promise.resolve(new Response(null, { status: 204 })), scope);
  const answer = await net.get(NEVER, URL, null);
  expect(answer.ok && (await answer.value.body.read(lent()))).toEqual({
    ok: true,
    value: { bytes: null, memory: null },
  });
});

it('knows whether there is a network as far as the device says', () => {
  const listeners = new Set<() => void>();
  const device = {
    navigator: { onLine: false },
    addEventListener: (_: 'online', task: () => void) => void listeners.add(task),
    removeEventListener: (_: 'online', task: () => void) => void listeners.delete(task),
  };
  const net = new FetchNet(() => Promise.reject(new Error('not asked')), device);
  expect(net.offline()).toBe(true);
  let told = 0;
  const forget = net.onOnline(() => {
    told += 1;
  });
  for (const listener of listeners) listener();
  forget();
  expect(told).toBe(1);
  expect(listeners.size).toBe(0);
});
