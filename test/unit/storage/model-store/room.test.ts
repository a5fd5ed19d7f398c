import { describe, expect, it } from 'vitest';
import {
  DEFAULT_RESERVE_BYTES,
  reserveFor,
  steppedRoom,
  takeRoom,
} from '../../../../src/storage/model-store/room.ts';
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

const MIB = 2 ** 20;

it.each([
  // A quarter of the file: it may take four fifths of what is free.
  [48, 12],
  [400, 100],
  // Never more than 128 MiB, never less than 8.
  [512, 128],
  [5_000, 128],
  [1, 8],
  [0, 8],
])('the reserve beside a file of %d MiB is %d MiB', (sizeMiB, reserveMiB) => {
  expect(reserveFor(sizeMiB * MIB, DEFAULT_RESERVE_BYTES)).toBe(reserveMiB * MIB);
  expect(reserveFor(sizeMiB * MIB, 0)).toBe(0);
});

it.each([
  // Measured in Chromium: under a quota of so many MB, a file grew to so many MiB and no further.
  [30, 16],
  [60, 32],
  [100, 64],
  [200, 128],
  [400, 384],
])('under a quota of %d MB a file of %d MiB has room, and no larger one', (quotaMiB, grewToMiB) => {
  expect(steppedRoom(grewToMiB * MIB)).toBeLessThanOrEqual(quotaMiB * MIB);
  expect(steppedRoom(grewToMiB * MIB + 1)).toBeGreaterThan(quotaMiB * MIB);
});

it('takes no reserve that would refuse a file on a small disk, and still leaves some', async () => {
  const taken = async (capacityMiB: number): Promise<boolean> => {
    const { origin, bytes } = disk(capacityMiB * MIB);
    origin.megabyte = MIB;
    const file = await bytes.open('f', 'write');
    if (file === null) throw new Error('no file');
    return (await takeRoom(file, 48 * MIB, DEFAULT_RESERVE_BYTES)).ok;
  };
  expect(await taken(240)).toBe(true);
  expect(await taken(64)).toBe(true);
  expect(await taken(63)).toBe(false);
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
