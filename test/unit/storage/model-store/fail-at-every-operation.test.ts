import { describe, expect, it } from 'vitest';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin, ORIGIN_FAULTS, type OriginFault } from '../../../fakes/faulty-origin.ts';
import { trueFile, type Knowledge, type TrueFile } from '../../../fakes/model-files.ts';
import { ModelStoreAudit } from '../../../fakes/model-store-audit.ts';
import { addModel, contents, download, good } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const GEOMETRY = { chunkBytes: 64, pageChunks: 8 };
const CHUNKS = 10;
const SIZE = 64 * CHUNKS - 20;
/** Orders in which chunks come: in order, and with gaps that close later. */
const ORDER = [0, 1, 4, 3, 2, 5, 9, 8, 6, 7];
const KNOWN: Readonly<Record<string, Knowledge>> = {
  'only the whole hash': { whole: true, chunks: false, size: true },
  'all hashes': { whole: true, chunks: true, size: true },
  'no hash': { whole: false, chunks: false, size: false },
};

class Visit {
  readonly origin: FaultyOrigin;
  readonly file: TrueFile;
  /** Puts that were promised to be on the device. */
  readonly promised = new Set<number>();
  readonly codes = new Set<string>();
  readonly #atOnce: number;
  #strikeAt = Number.POSITIVE_INFINITY;

  /** @param atOnce chunks that are put at the same time */
  constructor(seed: number, file: TrueFile, atOnce: number) {
    this.origin = new FaultyOrigin(seed);
    this.file = file;
    this.#atOnce = atOnce;
  }

  /** Lets one fault strike at the nth operation from now. */
  strike(at: number, fault: OriginFault): void {
    this.#strikeAt = this.origin.operations + at;
    this.origin.fault = () => (this.origin.operations === this.#strikeAt ? fault : null);
    this.origin.onWipe = () => {
      this.promised.clear();
    };
  }

  get struck(): boolean {
    return this.origin.operations >= this.#strikeAt;
  }

  async open(): Promise<ModelStore | null> {
    const opened = await ModelStore.open({
      bytes: new FaultyByteStore(this.origin),
      journal: new FaultyJournal(this.origin),
      locks: new ProcessLocks(),
      hashes: cheapHashes,
      clock: new VirtualClock(),
      geometry: GEOMETRY,
      reserveBytes: 256,
    });
    return this.#seen(opened) ? opened.value : null;
  }

  /** Download, verify, read, delete; goes on as far as it can. */
  async wholeLife(store: ModelStore): Promise<void> {
    const { id } = this.file.spec;
    this.#seen(
      await store.addModel({
        id: 'm',
        name: 'm',
        format: 'gguf',
        origin: 'catalogue',
        files: [this.file.spec],
      }),
    );
    const sink = await store.sink(this.file.spec);
    if (this.#seen(sink)) {
      if (this.#seen(await sink.value.setSize(SIZE))) {
        for (let from = 0; from < ORDER.length; from += this.#atOnce) {
          const group = ORDER.slice(from, from + this.#atOnce);
          const puts = group.map((index) => sink.value.put(index, this.file.chunk(index)));
          for (const [at, put] of (await Promise.all(puts)).entries()) {
            const index = group[at];
            if (this.#seen(put) && index !== undefined) this.promised.add(index);
          }
        }
      }
      const finished = await sink.value.finish();
      if (this.#seen(finished)) this.#expectTrue('finish');
      await sink.value.close();
    }
    const verified = await store.verify(new AbortController().signal, id);
    if (this.#seen(verified) && verified.value.state === 'verified') this.#expectTrue('verify');
    const removing = this.promised.size;
    const removed = await store.removeModel('m');
    if (this.#seen(removed) || removing === 0) this.promised.clear();
    // Deleted or not, nobody can say when it failed: what the journal says now counts.
    if (this.audit.record(id)?.state === 'tombstone' || this.audit.record(id) === null) this.promised.clear();
  }

  get audit(): ModelStoreAudit {
    return new ModelStoreAudit(this.origin, GEOMETRY);
  }

  expectSound(): void {
    const { id } = this.file.spec;
    expect(this.audit.ahead(id), 'the journal is ahead of the bytes').toEqual([]);
    const kept = new Set(this.audit.kept(id));
    expect(
      [...this.promised].filter((index) => !kept.has(index)),
      'a promised chunk is lost',
    ).toEqual([]);
  }

  #expectTrue(after: string): void {
    expect(this.audit.wrong(this.file.spec.id, this.file.bytes), `${after} said verified`).toEqual([]);
  }

  #seen<T>(
    outcome: { ok: true; value: T } | { ok: false; error: { code: string } },
  ): outcome is { ok: true; value: T } {
    if (!outcome.ok) this.codes.add(outcome.error.code);
    return outcome.ok;
  }
}

const TYPED = ['model-invalid', 'storage-failed', 'storage-full'];

describe.each(Object.entries(KNOWN))('with %s known', (_, knowledge) => {
  it.each(ORIGIN_FAULTS.flatMap((fault) => [1, 4].map((atOnce) => [fault, atOnce] as const)))(
    'fault "%s" at any operation loses nothing and calls nothing whole, with %i chunks put at once',
    async (fault, atOnce) => {
      const file = await trueFile(
        7,
        SIZE,
        GEOMETRY.chunkBytes,
        (bytes) => cheapHashes.sha256(bytes),
        knowledge,
      );
      let struck = true;
      let at = 1;
      for (; struck; at += 1) {
        const visit = new Visit(at, file, atOnce);
        visit.strike(at, fault);
        const store = await visit.open();
        if (store !== null) await visit.wholeLife(store);
        struck = visit.struck;
        visit.origin.fault = () => null;
        // A wipe takes the bytes after the journal was asked, or before: only then may they disagree until the next visit.
        if (fault !== 'wipe') visit.expectSound();
        for (const code of visit.codes) expect(TYPED).toContain(code);

        const next = await visit.open();
        if (next === null) throw new Error('the next visit does not open');
        visit.expectSound();
        await addModel(next, 'm', [file.spec]);
        good(await download(next, file));
        expect(await contents(next, file)).toEqual(new Uint8Array(file.bytes));
        good(await next.removeModel('m'));
        expect(visit.origin.files.size).toBe(0);
      }
      // It struck everywhere: one whole life is about this many operations.
      expect(at).toBeGreaterThan(60);
    },
  );
});
