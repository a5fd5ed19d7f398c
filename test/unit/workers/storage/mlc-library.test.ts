import { beforeEach, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { failure } from '#contracts/errors';
import { MOST_LIBRARY_BYTES } from '#contracts/mlc-twin';
import { libraryWorkOf } from '#contracts/models';
import { MLC_LIBRARY, MLC_MODEL, mlcFiles } from '../../../fakes/mlc-model.ts';
import type { NetFault } from '../../../fakes/net-fault.ts';
import { seededBytes } from '../../../fakes/seeded-bytes.ts';
import { same, StoreHostRig, valueOf } from './store-host-rig.ts';

let files: Map<string, Uint8Array<ArrayBuffer>>;
let rig: StoreHostRig;

const rigOf = (): StoreHostRig =>
  new StoreHostRig(
    ...[...files].map(([url, content]) => ({
      content,
      spec: { id: '', urls: [url], sizeBytes: null, sha256: null, chunkSha256: null },
    })),
  );
const library = (anew = false) => rig.drive(rig.host.mlcLibrary(MLC_MODEL, anew));
const server = () => present(rig.net.servers[MLC_LIBRARY], 'library');
const asked = (): readonly string[] => rig.net.requests.map(({ url }) => url.replace(/#.*/, ''));
const bytesOf = async (file: Blob): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());

beforeEach(() => {
  files = mlcFiles([500]);
  files.set(MLC_LIBRARY, seededBytes(300_000, 5));
  rig = rigOf();
});

it('comes alone: no other file is asked for, and the store keeps nothing', async () => {
  const fetched = valueOf(await library());
  expect(fetched.transferredBytes).toBe(300_000);
  expect(same(await bytesOf(fetched.file), present(files.get(MLC_LIBRARY), 'library'))).toBe(true);
  expect(asked()).toEqual([MLC_LIBRARY]);
  expect(valueOf(await rig.host.list())).toEqual([]);
});

it('comes from the store where it is there and whole', async () => {
  valueOf(await rig.drive(rig.host.bringMlc(MLC_MODEL, { mayFetch: true })));
  const before = rig.net.requests.length;
  const here = valueOf(await library());
  expect(here.transferredBytes).toBe(0);
  expect(same(await bytesOf(here.file), present(files.get(MLC_LIBRARY), 'library'))).toBe(true);
  expect(rig.net.requests).toHaveLength(before);
  expect(valueOf(await library(true)).transferredBytes).toBe(300_000);
});

it('comes from what earlier visits left', async () => {
  rig.earlier.set(MLC_LIBRARY, new Blob(['earlier']));
  const here = valueOf(await library());
  expect([await here.file.text(), here.transferredBytes]).toEqual(['earlier', 0]);
  expect(rig.net.requests).toEqual([]);
});

it('is fetched where the store cannot be opened, or cannot give it', async () => {
  rig.openings = [failure('storage-unavailable')];
  expect(valueOf(await library()).transferredBytes).toBe(300_000);
  valueOf(await rig.drive(rig.host.bringMlc(MLC_MODEL, { mayFetch: true })));
  rig.blobFault = new DOMException('gone', 'NotReadableError');
  expect(valueOf(await library()).transferredBytes).toBe(300_000);
});

it.each<[string, NetFault]>([
  ['unreachable', { fault: 'unreachable' }],
  ['cut', { fault: 'cut', afterBytes: 20_000 }],
  ['stalled', { fault: 'stall', afterBytes: 20_000 }],
  ['status', { fault: 'status', status: 404 }],
  ['not-the-file', { fault: 'portal' }],
])('that does not come is a failure with the reason %s, and the next try is free', async (reason, fault) => {
  server().faults = [fault];
  expect(await library()).toMatchObject({ error: { code: 'model-fetch-failed', details: { reason } } });
  expect(rig.net.open).toBe(0);
  expect((await library()).ok).toBe(true);
});

it.each([
  ['announces it', null],
  ['hides it', { fault: 'gzip', hidden: true } as const],
])('that is too long for one is given up, also where its host %s', async (_what, always) => {
  files.set(MLC_LIBRARY, new Uint8Array(MOST_LIBRARY_BYTES + 1));
  rig = rigOf();
  server().always = always;
  expect(await library()).toMatchObject({
    error: { code: 'model-fetch-failed', details: { reason: 'too-long' } },
  });
  expect(rig.net.sentBytes).toBeLessThanOrEqual(MOST_LIBRARY_BYTES + 1);
  if (always === null) expect(rig.net.sentBytes).toBeLessThan(1_000_000);
});

it('is stopped by its name, and asked for once at a time', async () => {
  server().faults = [{ fault: 'stall', afterBytes: 20_000 }];
  const fetching = rig.host.mlcLibrary(MLC_MODEL, false);
  while (rig.net.sentBytes === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    rig.clock.step();
  }
  expect(await rig.host.mlcLibrary(MLC_MODEL, false)).toMatchObject({ error: { code: 'model-downloading' } });
  await rig.host.pause(libraryWorkOf(MLC_MODEL.id));
  expect(await fetching).toMatchObject({ error: { code: 'cancelled' } });
  expect(rig.net.open).toBe(0);
  expect((await library()).ok).toBe(true);
});
