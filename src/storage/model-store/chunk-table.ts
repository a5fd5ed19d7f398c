import { chunksOf, rangeOf, slotOf, type ChunkGeometry } from './chunk-geometry.ts';
import { emptyPage, fingerprintAt, isKept, sha256At } from './chunk-page.ts';
import type { ChunkPage } from './journal.ts';

/** The chunks of one file as the journal last told of them. */
export class ChunkTable {
  readonly count: number;
  readonly #geometry: ChunkGeometry;
  readonly #fileId: string;
  readonly #sizeBytes: number;
  readonly #pages = new Map<number, ChunkPage>();

  constructor(geometry: ChunkGeometry, fileId: string, sizeBytes: number, pages: readonly ChunkPage[]) {
    this.#geometry = geometry;
    this.#fileId = fileId;
    this.#sizeBytes = sizeBytes;
    this.count = chunksOf(geometry, sizeBytes);
    for (const page of pages) this.replace(page);
  }

  replace(page: ChunkPage): void {
    this.#pages.set(page.page, page);
  }

  /** Where the chunk's page stands; an empty one where the journal has none yet. */
  pageOf(index: number): { readonly page: ChunkPage; readonly slot: number } {
    const { page, slot } = slotOf(this.#geometry, index);
    const found = this.#pages.get(page) ?? emptyPage(this.#fileId, page, this.#geometry.pageChunks);
    return { page: found, slot };
  }

  isKept(index: number): boolean {
    const { page, slot } = this.pageOf(index);
    return isKept(page, slot);
  }

  fingerprint(index: number): Uint8Array {
    const { page, slot } = this.pageOf(index);
    return fingerprintAt(page, slot);
  }

  sha256(index: number): Uint8Array | null {
    const { page, slot } = this.pageOf(index);
    return sha256At(page, slot);
  }

  kept(): readonly number[] {
    return this.#where(true);
  }

  missing(): readonly number[] {
    return this.#where(false);
  }

  keptBytes(): number {
    return this.kept().reduce((sum, index) => sum + this.bytesOf(index), 0);
  }

  bytesOf(index: number): number {
    const { fromByte, toByte } = rangeOf(this.#geometry, index, this.#sizeBytes);
    return toByte - fromByte;
  }

  #where(kept: boolean): readonly number[] {
    const found: number[] = [];
    for (let index = 0; index < this.count; index += 1) if (this.isKept(index) === kept) found.push(index);
    return found;
  }
}
