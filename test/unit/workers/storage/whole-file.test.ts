import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { seededRandom } from '#kernel/random';
import { fetchWhole } from '../../../../workers/storage/whole-file.ts';
import { FakeNet, type FakeServer } from '../../../fakes/fake-net.ts';
import { MLC_LIBRARY, MLC_MODEL, mlcFiles } from '../../../fakes/mlc-model.ts';
import type { NetFault } from '../../../fakes/net-fault.ts';
import { seededBytes } from '../../../fakes/seeded-bytes.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import { CHUNK, same, StoreHostRig, valueOf } from './store-host-rig.ts';

const URL_OF_IT = 'https://hub.example/library.wasm';
const CONTENT = seededBytes(50_000, 3);

let clock: VirtualClock;
let server: FakeServer;
let net: FakeNet;
let heard: number[];

beforeEach(() => {
  clock = new VirtualClock();
  server = { content: CONTENT, faults: [], bytesPerSecond: 50_000_000 };
  net = new FakeNet(clock, { [URL_OF_IT]: server });
  heard = [];
});

/** What it settles to while the clock jumps from timer to timer. */
async function fetched(signal = new AbortController().signal): ReturnType<typeof fetchWhole> {
  const ports = { net, clock, random: seededRandom(1) };
  let isSettled = false;
  const fetching = fetchWhole(signal, URL_OF_IT, ports, { model: 'Tiny' }, (bytes) => heard.push(bytes));
  void fetching.then(() => {
    isSettled = true;
  });
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isSettled) return fetching;
    clock.step();
  }
}

it('takes a file as it comes, to its end', async () => {
  const whole = await fetched();
  expect(whole.ok && same(new Uint8Array(await whole.value.arrayBuffer()), CONTENT)).toBe(true);
  expect(heard.at(-1)).toBe(CONTENT.length);
  expect(net.requests.map(({ range }) => range)).toEqual([null]);
  expect(net.open).toBe(0);
});

it.each<[string, NetFault]>([
  ['unreachable', { fault: 'unreachable' }],
  ['cut', { fault: 'cut', afterBytes: 20_000 }],
  ['stalled', { fault: 'stall', afterBytes: 20_000 }],
  ['stalled', { fault: 'stall', afterBytes: null }],
  ['status', { fault: 'status', status: 404 }],
  ['not-the-file', { fault: 'portal' }],
])('fails with the reason %s: %o', async (reason, fault) => {
  server.faults = [fault];
  expect(await fetched()).toMatchObject({
    error: { code: 'model-fetch-failed', details: { model: 'Tiny', reason } },
  });
  expect(net.open).toBe(0);
});

it('is cancelled, and lets go of the line', async () => {
  const stop = new AbortController();
  server.faults = [{ fault: 'stall', afterBytes: 20_000 }];
  const fetching = fetched(stop.signal);
  while (heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  expect(await fetching).toMatchObject({ error: { code: 'cancelled' } });
  expect(net.open).toBe(0);
});

describe('in a model', () => {
  it('a library of more than a chunk comes also where its host hides how long it is', async () => {
    const files = mlcFiles([500]);
    files.set(MLC_LIBRARY, seededBytes(CHUNK + 70_000, 5));
    const rig = new StoreHostRig(
      ...[...files].map(([url, content]) => ({
        content,
        spec: { id: '', urls: [url], sizeBytes: null, sha256: null, chunkSha256: null },
      })),
    );
    present(rig.net.servers[MLC_LIBRARY], 'server').always = { fault: 'gzip', hidden: true };
    valueOf(await rig.drive(rig.host.bringMlc(MLC_MODEL, { mayFetch: true })));
    const library = valueOf(await rig.host.readMlc(MLC_MODEL.id)).find(({ url }) => url === MLC_LIBRARY);
    const bytes = new Uint8Array(await present(library, 'library').file.arrayBuffer());
    expect(same(bytes, present(files.get(MLC_LIBRARY), 'library'))).toBe(true);
  });
});
