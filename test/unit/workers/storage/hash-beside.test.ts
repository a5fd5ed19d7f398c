import { createHash } from 'node:crypto';
import * as Comlink from 'comlink';
import { afterEach, expect, it } from 'vitest';
import type { RunningHashesApi } from '#contracts/hash-worker';
import type { StoreHashes } from '../../../../src/storage/model-store/store-hashes.ts';
import { wasmHashes } from '../../../../src/storage/model-store/wasm-hashes.ts';
import { HashBeside } from '../../../../workers/storage/hash-beside.ts';
import { HashWorkerHost, RunningHashes } from '../../../../workers/storage/running-hashes.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const BYTES = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 31) & 255);
const TRUE_HASH = createHash('sha256').update(BYTES).digest();

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function channel(): MessageChannel {
  const both = new MessageChannel();
  ports.push(both.port1, both.port2);
  return both;
}

/** Hashes over a thread that is `serve`d, with those of this thread counted. */
async function beside(
  serve: (port: MessagePort) => unknown,
): Promise<{ hashes: StoreHashes; beside: HashBeside; clock: VirtualClock; own: () => number }> {
  const clock = new VirtualClock();
  const hashBeside = new HashBeside(clock);
  const { port1, port2 } = channel();
  await serve(port1);
  hashBeside.connect(port2);
  const wasm = await wasmHashes();
  let own = 0;
  const hashes = hashBeside.over({
    ...wasm,
    stream: (state) => {
      own += 1;
      return wasm.stream(state);
    },
  });
  return { hashes, beside: hashBeside, clock, own: () => own };
}

const alive = (port: MessagePort): unknown => new HashWorkerHost().serve(port);

/** Serves until `dies` says that it is gone: then nothing is answered any more, and nobody says so. */
function mortal(port: MessagePort, dies: (call: keyof RunningHashesApi) => boolean): void {
  const hashes = new RunningHashes();
  let dead = false;
  const unlessDead = <T>(call: keyof RunningHashesApi, work: () => Promise<T>): Promise<T> => {
    dead ||= dies(call);
    return dead ? new Promise<T>(() => undefined) : work();
  };
  const api: RunningHashesApi = {
    open: (id, state) => unlessDead('open', () => hashes.open(id, state)),
    update: (id, bytes) => unlessDead('update', () => hashes.update(id, bytes)),
    save: (id) => unlessDead('save', () => hashes.save(id)),
    digest: (id) => unlessDead('digest', () => hashes.digest(id)),
  };
  Comlink.expose(api, port);
}

it('hashes in the other thread, in order, what the caller overwrites at once', async () => {
  const { hashes, own } = await beside(alive);
  const stream = await hashes.stream(null);
  const memory = new Uint8Array(1000);
  const updates: Promise<void>[] = [];
  for (let at = 0; at < BYTES.length; at += memory.length) {
    memory.set(BYTES.subarray(at, at + memory.length));
    updates.push(stream.update(memory));
    memory.fill(0);
  }
  expect(Buffer.from(await stream.digest())).toEqual(TRUE_HASH);
  await Promise.all(updates);
  expect(memory.length).toBe(1000);
  expect(own()).toBe(0);
});

it('keeps streams apart, and uses memory of other lengths again', async () => {
  const { hashes } = await beside(alive);
  const [one, two] = [await hashes.stream(null), await hashes.stream(null)];
  await two.update(BYTES.slice(0, 9000));
  for (const [from, to] of [
    [0, 9000],
    [9000, 9001],
    [9001, 10_000],
  ] as const)
    await one.update(BYTES.slice(from, to));
  await two.update(BYTES.slice(9000));
  expect(Buffer.from(await one.digest())).toEqual(TRUE_HASH);
  expect(Buffer.from(await two.digest())).toEqual(TRUE_HASH);
  await expect(two.save()).rejects.toThrow();
});

it('has its state taken up by either thread', async () => {
  const { hashes, beside: line, own } = await beside(alive);
  const there = await hashes.stream(null);
  void there.update(BYTES.slice(0, 4000));
  const state = await there.save();
  const again = await hashes.stream(state);
  void again.update(BYTES.slice(4000));
  expect(Buffer.from(await again.digest())).toEqual(TRUE_HASH);
  line.connect(null);
  const here = await hashes.stream(state);
  await here.update(BYTES.slice(4000));
  expect(Buffer.from(await here.digest())).toEqual(TRUE_HASH);
  expect(own()).toBe(1);
});

it('says of a state of another build what this thread says', async () => {
  const { hashes, own } = await beside(alive);
  await expect(hashes.stream(new Uint8Array(5))).rejects.toThrow();
  expect(own()).toBe(1);
});

it.each(['open', 'update', 'save', 'digest'] as const)(
  'a thread that dies over %s fails what waits for it, and the next stream is computed here',
  async (fatal) => {
    const told: HashBeside[] = [];
    const opened = await beside((port) => {
      mortal(port, (call) => {
        if (call === fatal) setTimeout(() => told[0]?.connect(null));
        return call === fatal;
      });
    });
    told.push(opened.beside);
    const stream = await opened.hashes.stream(null);
    if (fatal !== 'open') {
      const waiting = [stream.update(BYTES), stream.save(), stream.digest()];
      const ended = await Promise.allSettled(waiting);
      const lived = ['update', 'save', 'digest'].indexOf(fatal);
      expect(ended.map(({ status }) => status)).toEqual(
        waiting.map((_, at) => (at < lived ? 'fulfilled' : 'rejected')),
      );
      await expect(stream.update(BYTES)).rejects.toThrow('gone');
    }
    const next = fatal === 'open' ? stream : await opened.hashes.stream(null);
    await next.update(BYTES);
    expect(Buffer.from(await next.digest())).toEqual(TRUE_HASH);
    expect(opened.own()).toBe(1);
  },
);

it('does not wait for ever for a thread of which nobody says that it is gone', async () => {
  const { hashes, clock, own } = await beside((port) => {
    mortal(port, (call) => call === 'save');
  });
  const stream = await hashes.stream(null);
  await stream.update(BYTES);
  const saving = stream.save();
  expect(clock.pending).toBe(1);
  clock.advance(30_000);
  await expect(saving).rejects.toThrow('gone');
  expect(clock.pending).toBe(0);
  await (await hashes.stream(null)).update(BYTES);
  expect(own()).toBe(1);
});
