import { chunksOf, slotOf, type ChunkGeometry } from '../../src/storage/model-store/chunk-geometry.ts';
import { fingerprintAt, isKept } from '../../src/storage/model-store/chunk-page.ts';
import type { FileRecord } from '../../src/storage/model-store/journal.ts';
import { sameBytes } from '../../src/storage/model-store/store-hashes.ts';
import { cheapHashes } from './cheap-hashes.ts';
import type { FaultyOrigin } from './faulty-origin.ts';

/** Looks behind the store: what the journal calls kept, and whether the bytes are there. */
export class ModelStoreAudit {
  readonly #origin: FaultyOrigin;
  readonly #geometry: ChunkGeometry;

  constructor(origin: FaultyOrigin, geometry: ChunkGeometry) {
    this.#origin = origin;
    this.#geometry = geometry;
  }

  record(fileId: string): FileRecord | null {
    return this.#origin.records.all.files.find(({ id }) => id === fileId) ?? null;
  }

  /** Files that are neither deleted nor of any model: nobody would ever delete them. */
  orphans(): readonly string[] {
    const { files, models } = this.#origin.records.all;
    const wanted = new Set(models.flatMap((model) => model.fileIds));
    return files.filter(({ id, state }) => state !== 'tombstone' && !wanted.has(id)).map(({ id }) => id);
  }

  kept(fileId: string): readonly number[] {
    return this.#chunks(fileId).map(({ index }) => index);
  }

  /** Kept chunks whose bytes, as a crash would leave them, are not what was journalled. */
  ahead(fileId: string): readonly number[] {
    const file = this.#origin.files.get(fileId);
    return this.#chunks(fileId)
      .filter(({ index, fingerprint }) => {
        const bytes = (file?.durable ?? new Uint8Array()).slice(...this.#span(fileId, index));
        return !sameBytes(cheapHashes.fingerprint(bytes), fingerprint);
      })
      .map(({ index }) => index);
  }

  /** Chunks of the file as it lies there that are not those of the true file. */
  wrong(fileId: string, truth: Uint8Array): readonly number[] {
    const live = this.#origin.files.get(fileId)?.live ?? new Uint8Array();
    const wrong: number[] = [];
    for (let index = 0; index < chunksOf(this.#geometry, truth.length); index += 1) {
      const from = index * this.#geometry.chunkBytes;
      const to = Math.min(truth.length, from + this.#geometry.chunkBytes);
      if (!sameBytes(live.subarray(from, to), truth.subarray(from, to))) wrong.push(index);
    }
    return wrong;
  }

  #span(fileId: string, index: number): [number, number] {
    const from = index * this.#geometry.chunkBytes;
    return [from, Math.min(this.record(fileId)?.sizeBytes ?? 0, from + this.#geometry.chunkBytes)];
  }

  #chunks(fileId: string): readonly { index: number; fingerprint: Uint8Array }[] {
    const sizeBytes = this.record(fileId)?.sizeBytes ?? 0;
    const pages = this.#origin.records.all.pages(fileId);
    const found: { index: number; fingerprint: Uint8Array }[] = [];
    for (let index = 0; index < chunksOf(this.#geometry, sizeBytes); index += 1) {
      const { page: number, slot } = slotOf(this.#geometry, index);
      const page = pages.find((candidate) => candidate.page === number);
      if (page === undefined || !isKept(page, slot)) continue;
      found.push({ index, fingerprint: fingerprintAt(page, slot) });
    }
    return found;
  }
}
