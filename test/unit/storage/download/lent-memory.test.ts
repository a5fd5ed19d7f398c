import { expect, it } from 'vitest';
import type { NetFault } from '../../../fakes/net-fault.ts';
import { CHUNK, DownloadRig, FIRST, NOTHING_LEFT, SIZE, type Known } from './download-rig.ts';

/** A body that takes the memory away while it reads, and keeps it when it is broken off. */
const FAULTS: readonly (NetFault | null)[] = [
  null,
  { fault: 'cut', afterBytes: 1_500 },
  { fault: 'short', afterBytes: 1_500 },
  { fault: 'stall', afterBytes: 1_500 },
  { fault: 'too-long', extraBytes: 3 },
  { fault: 'ignores-range' },
];
const KNOWN: readonly Known[] = [
  { size: true, chunks: true },
  { size: true, chunks: false, whole: true },
  { size: false, chunks: false, whole: true },
];

it.each([1, CHUNK - 1, CHUNK, CHUNK + 1, SIZE])(
  'a file of %i bytes is whole when its bytes come into memory that the body takes away',
  async (bytes) => {
    for (const known of KNOWN) {
      for (const fault of FAULTS) {
        const rig = new DownloadRig({
          bytes,
          known,
          faults: [fault],
          servers: { [FIRST]: { fillsMemory: true } },
        });
        const about = JSON.stringify({ known, fault });
        expect(await rig.run(), about).toMatchObject({ ok: true });
        expect(rig.isWhole, about).toBe(true);
        expect(rig.leftOpen, about).toEqual(NOTHING_LEFT);
      }
    }
  },
);

it('chunks that are kept already are read over in it', async () => {
  const rig = new DownloadRig({
    servers: { [FIRST]: { fillsMemory: true, always: { fault: 'ignores-range' } } },
  });
  await rig.sink.setSize(SIZE);
  for (const index of [0, 2]) {
    await rig.sink.put(index, rig.file.slice(index * CHUNK, (index + 1) * CHUNK));
  }
  expect(await rig.run()).toMatchObject({ ok: true });
  expect(rig.isWhole).toBe(true);
});
