import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NetFault } from '../../../fakes/net-fault.ts';
import { CHUNK, DownloadRig, FIRST, NOTHING_LEFT, SECOND } from './download-rig.ts';

const bytes = fc.integer({ min: 0, max: 24 * CHUNK });
const faults: fc.Arbitrary<NetFault> = fc.oneof(
  fc.constant<NetFault>({ fault: 'unreachable' }),
  bytes.map((afterBytes): NetFault => ({ fault: 'cut', afterBytes })),
  bytes.map((afterBytes): NetFault => ({ fault: 'short', afterBytes })),
  bytes.map((atByte): NetFault => ({ fault: 'flip', atByte })),
  fc.boolean().map((unmarked): NetFault => ({ fault: 'portal', unmarked })),
  fc.boolean().map((hidden): NetFault => ({ fault: 'gzip', hidden })),
  fc.constant<NetFault>({ fault: 'ignores-range' }),
  fc.boolean().map((lies): NetFault => ({ fault: 'wrong-range', lies })),
  fc.integer({ min: 1, max: 3 * CHUNK }).map((less): NetFault => ({ fault: 'less', bytes: less })),
  fc.constant<NetFault>({ fault: 'unsatisfiable' }),
  fc.constantFrom(404, 429, 500, 503).map((status): NetFault => ({ fault: 'status', status })),
  fc.constant<NetFault>({ fault: 'status', status: 429, retryAfter: '30' }),
  fc.option(bytes).map((afterBytes): NetFault => ({ fault: 'stall', afterBytes })),
  fc.constant<NetFault>({ fault: 'drip' }),
  fc.constant<NetFault>({ fault: 'changed' }),
  fc.integer({ min: 1, max: 9_000 }).map((extraBytes): NetFault => ({ fault: 'too-long', extraBytes })),
  fc.constant<NetFault>({ fault: 'other-size' }),
);
const script = fc.array(fc.option(faults, { freq: 3 }), { maxLength: 12 });
const server = fc.record({
  faults: script,
  always: fc.option(faults, { freq: 4 }),
  bytesPerSecond: fc.constantFrom(500, 20_000, 1_000_000),
  hidesHeaders: fc.boolean(),
  fillsMemory: fc.boolean(),
});

/** More in a nightly run: `WITAN_DOWNLOAD_RUNS=100000`. */
const RUNS = Number(process.env['WITAN_DOWNLOAD_RUNS'] ?? 300);

it(
  'always ends; what is reported whole is the file; nothing kept is fetched again unless ranges do not work',
  { timeout: 3_600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 * CHUNK }),
        server,
        fc.option(server),
        fc.record({ size: fc.boolean(), whole: fc.boolean(), chunks: fc.boolean() }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 3 }),
        fc.nat(),
        async (length, first, second, known, stops, seed) => {
          const rig = new DownloadRig({
            bytes: length,
            urls: second === null ? [FIRST] : [FIRST, SECOND],
            servers: { [FIRST]: first, ...(second === null ? {} : { [SECOND]: second }) },
            // Hashes of chunks without a size are not met with: whoever has counted them knows it.
            known: { ...known, size: known.size || known.chunks },
            policy: { chunksPerRange: 3 },
            seed,
          });
          const { get } = rig.net;
          let keptAgain = 0;
          rig.net.get = (signal, url, range) => {
            const asks = (index: number): boolean =>
              range !== null && range.fromByte <= index * CHUNK && range.toByte > index * CHUNK;
            if (known.chunks) keptAgain += rig.sink.kept.filter(asks).length;
            return get.call(rig.net, signal, url, range);
          };
          // Stopped some times, as a tab that is closed; the last run is left alone.
          for (const afterMs of [...stops, null]) {
            const stop = new AbortController();
            if (afterMs !== null) {
              rig.clock.after(afterMs, () => {
                stop.abort();
              });
            }
            const ended = await rig.run(stop.signal);
            rig.clock.advance(20_000); // the stop of a run that was quicker
            expect(rig.leftOpen).toEqual(NOTHING_LEFT);
            if (ended.ok) {
              if (known.chunks || known.whole) expect(rig.isWhole).toBe(true);
              expect(ended.value.state).toBe('verified');
              break;
            }
            expect(['model-fetch-failed', 'model-invalid', 'cancelled']).toContain(ended.error.code);
          }
          expect(keptAgain).toBe(0);
          if (known.chunks) {
            expect(new Set(rig.sink.kept).size).toBe(rig.sink.kept.length);
            for (const index of rig.sink.kept) expect(rig.sink.holdsRight(index, rig.file)).toBe(true);
          }
        },
      ),
      { numRuns: RUNS },
    );
  },
);
