import { describe, expect, it } from 'vitest';
import { takeRoom } from '../../../../src/storage/model-store/room.ts';
import { SpaceProbe } from '../../../../src/storage/model-store/space-probe.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyOrigin } from '../../../fakes/faulty-origin.ts';
import { bad, good } from '../../../fakes/model-store-rig.ts';

/** Quotas of the fake are in megabytes of 16 bytes: its files grow in steps of 256, 512, 1024 and 2048 bytes. */
function disk(capacityBytes: number): { origin: FaultyOrigin; bytes: FaultyByteStore } {
  const origin = new FaultyOrigin(1);
  origin.capacityBytes = capacityBytes;
  return { origin, bytes: new FaultyByteStore(origin) };
}

describe('takeRoom', () => {
  it('takes what the file needs and gives the reserve back', async () => {
    const { origin, bytes } = disk(2048);
    const file = await bytes.open('f', 'write');
    if (file === null) throw new Error('no file');
    good(await takeRoom(file, 1000, 500));
    expect(origin.files.get('f')?.durable?.length).toBe(1000);
  });

  it.each([
    ['the file', 1100, 0],
    ['the reserve', 1000, 500],
  ])('refuses when there is no room for %s, and keeps what was there', async (_, size, reserve) => {
    const { origin, bytes } = disk(1100);
    const file = await bytes.open('f', 'write');
    await file?.write(new Uint8Array(64).fill(7), 0);
    if (file === null) throw new Error('no file');
    const refused = bad(await takeRoom(file, size, reserve));
    expect([refused.code, refused.details['reason']]).toEqual(['storage-full', 'quota']);
    expect([...(origin.files.get('f')?.live ?? [])]).toEqual(new Array(64).fill(7));
  });

  it('does not believe a file that does not grow, nor one whose storage is gone', async () => {
    const { origin, bytes } = disk(Number.POSITIVE_INFINITY);
    const file = await bytes.open('f', 'write');
    if (file === null) throw new Error('no file');
    origin.fault = (operation) => (operation === 'truncate' ? 'code' : null);
    expect(bad(await takeRoom(file, 1000, 0)).code).toBe('storage-full');
    origin.fault = () => null;
    origin.wipe();
    expect(bad(await takeRoom(file, 1000, 0))).toMatchObject({
      code: 'storage-failed',
      details: { reason: 'storage-lost' },
    });
  });
});

it('measures the room that one more file can have', async () => {
  const { origin, bytes } = disk(2048 + 512);
  const other = await bytes.open('other', 'write');
  await other?.truncate(500);
  const probe = new SpaceProbe(bytes, 128);
  expect(good(await probe.freeBytes(10_000))).toBe(2048);
  expect(good(await probe.freeBytes(1000))).toBe(1000);
  expect([...origin.files.keys()]).toEqual(['other']);
});
