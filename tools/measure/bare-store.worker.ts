/**
 * The least that a page can do: fetch, hash each chunk with WebCrypto, write it with a sync access handle; and read a
 * response of the Cache API. What the model store is compared with. No imports: it is served as it is, less its types.
 */
interface SyncHandle {
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  flush(): void;
  close(): void;
}

interface Order {
  readonly work: 'fetch' | 'fetch-into-cache' | 'read-cache' | 'load-cache' | 'forget';
  readonly url: string;
  readonly chunkBytes: number;
  /** Whether the hash of a chunk is waited for before the next is read. */
  readonly waits: boolean;
  /** Where hash-wasm lies: then the whole is hashed with it, as it comes, instead of the chunks. */
  readonly wholeHash: string | null;
}

interface RunningHash {
  init(): void;
  update(bytes: Uint8Array): void;
  digest(): string;
}

const NAME = 'bare';

async function fetchBare({ url, chunkBytes, waits, wholeHash }: Order): Promise<number> {
  const whole = wholeHash === null ? null : await runningHash(wholeHash);
  const root = await navigator.storage.getDirectory();
  const file = (await root.getFileHandle(NAME, { create: true })) as FileSystemFileHandle & {
    createSyncAccessHandle(): Promise<SyncHandle>;
  };
  const handle = await file.createSyncAccessHandle();
  const { body } = await fetch(url, { cache: 'no-store' });
  if (body === null) throw new Error('an answer without a body');
  const reader = body.getReader();
  let chunk = new Uint8Array(chunkBytes);
  let filled = 0;
  let at = 0;
  let last: Promise<unknown> = Promise.resolve();
  const put = async (): Promise<void> => {
    const bytes = chunk.subarray(0, filled);
    const start = at;
    whole?.update(bytes);
    const hashed = whole === null ? crypto.subtle.digest('SHA-256', bytes) : Promise.resolve();
    const done = hashed.then(() => {
      if (handle.write(bytes, { at: start }) !== bytes.length) throw new Error('a short write');
    });
    at += filled;
    filled = 0;
    if (waits) return done;
    await last; // one chunk is hashed while the next is read
    last = done;
    chunk = new Uint8Array(chunkBytes);
  };
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    for (let piece = read.value; piece.length > 0;) {
      const taken = piece.subarray(0, chunkBytes - filled);
      chunk.set(taken, filled);
      filled += taken.length;
      piece = piece.subarray(taken.length);
      if (filled === chunkBytes) await put();
    }
  }
  if (filled > 0) await put();
  await last;
  handle.flush();
  handle.close();
  whole?.digest();
  return at;
}

async function runningHash(url: string): Promise<RunningHash> {
  const { createSHA256 } = (await import(url)) as { createSHA256: () => Promise<RunningHash> };
  const hash = await createSHA256();
  hash.init();
  return hash;
}

async function readCache({ url }: Order): Promise<number> {
  const response = await (await caches.open(NAME)).match(url);
  const reader = response?.body?.getReader();
  if (reader === undefined) throw new Error('nothing in the cache');
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
  return bytes;
}

/** As an engine does that wants the bytes. */
async function loadCache({ url }: Order): Promise<number> {
  const response = await (await caches.open(NAME)).match(url);
  return (await response?.arrayBuffer())?.byteLength ?? 0;
}

async function work(order: Order): Promise<number> {
  switch (order.work) {
    case 'fetch':
      return fetchBare(order);
    case 'fetch-into-cache':
      await (await caches.open(NAME)).put(order.url, await fetch(order.url, { cache: 'no-store' }));
      return 0;
    case 'read-cache':
      return readCache(order);
    case 'load-cache':
      return loadCache(order);
    case 'forget':
      await (await navigator.storage.getDirectory()).removeEntry(NAME);
      return 0;
  }
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  const start = performance.now();
  work(data).then(
    (bytes) => {
      postMessage({ bytes, ms: performance.now() - start });
    },
    (thrown: unknown) => {
      postMessage({ error: String(thrown) });
    },
  );
});
