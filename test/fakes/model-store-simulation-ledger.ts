import type { ChunkGeometry } from '../../src/storage/model-store/chunk-geometry.ts';
import type { ModelStore } from '../../src/storage/model-store/model-store.ts';
import { sameBytes } from '../../src/storage/model-store/store-hashes.ts';
import type { FaultyOrigin } from './faulty-origin.ts';
import type { TrueFile } from './model-files.ts';
import { ModelStoreAudit } from './model-store-audit.ts';

/** What was promised about a file, and what was done to it. */
interface Fate {
  /** What each chunk can be: what its last `put` kept, and what was offered since without a clear answer. */
  readonly possible: Map<number, readonly Uint8Array[]>;
  /** Chunks that must still be kept. */
  readonly promised: Set<number>;
  /** Chunks in which a bit was flipped on the device. */
  readonly rotted: Set<number>;
}

/**
 * What must hold in every simulation.
 * 1. The journal is never ahead: a kept chunk's bytes are there, also as a crash would leave them.
 * 2. A file called verified is the true one, but for chunks that rotted since; a verification finds those as well.
 * 3. A chunk that was promised stays kept until it rots, its origin is wiped, its model deleted, or the whole refused.
 * 4. What a read returns is what was put.
 * 5. A file of no model is deleted.
 */
export class SimulationLedger {
  files: readonly TrueFile[] = [];
  readonly #audit: ModelStoreAudit;
  readonly #fates = new Map<string, Fate>();
  #wiped = 0;
  readonly #generations = new WeakMap<ModelStore, string>();

  constructor(origin: FaultyOrigin, geometry: ChunkGeometry) {
    this.#audit = new ModelStoreAudit(origin, geometry);
  }

  opened(store: ModelStore, generation: string): void {
    this.#generations.set(store, generation);
  }

  generationOf(store: ModelStore): string {
    return this.#generations.get(store) ?? '';
  }

  promised(file: TrueFile, index: number, bytes: Uint8Array): void {
    const fate = this.#fate(file);
    fate.possible.set(index, [bytes]);
    // Deleted by the other tab before this one was told that it is kept.
    if (this.#audit.kept(file.spec.id).includes(index)) fate.promised.add(index);
  }

  /** A `put` that failed: a crash may have come when the chunk was kept already. */
  offered(file: TrueFile, index: number, bytes: Uint8Array): void {
    const { possible } = this.#fate(file);
    possible.set(index, [...(possible.get(index) ?? []), bytes]);
  }

  rotted(file: TrueFile, index: number): void {
    const fate = this.#fate(file);
    fate.rotted.add(index);
    fate.promised.delete(index);
  }

  rotOf(file: TrueFile): ReadonlySet<number> {
    return new Set(this.#fate(file).rotted);
  }

  /** Not proved as a whole: where a bad line brought a chunk that only the whole hash can tell, the store may drop all. */
  mayBeRefused(file: TrueFile): void {
    const { possible, promised } = this.#fate(file);
    const wrong = [...possible].some(([index, all]) =>
      all.some((bytes) => !sameBytes(bytes, file.chunk(index))),
    );
    if (wrong) promised.clear();
  }

  mayGo(files: readonly TrueFile[]): void {
    for (const file of files) this.#fate(file).promised.clear();
  }

  wiped(): void {
    this.#wiped += 1;
    for (const fate of this.#fates.values()) {
      fate.promised.clear();
      fate.rotted.clear();
    }
  }

  /** What is under way when the origin goes may still be told of what was there. */
  get wipes(): number {
    return this.#wiped;
  }

  wasRead(file: TrueFile, index: number, bytes: Uint8Array): void {
    const possible = this.#fate(file).possible.get(index) ?? [];
    if (!possible.some((kept) => sameBytes(kept, bytes))) fail(file, `a read of ${String(index)} lies`);
  }

  /** @param rot chunks that had rotted before a verification began, which it must have found */
  calledVerified(file: TrueFile, by: string, rot: ReadonlySet<number> = new Set()): void {
    const { rotted } = this.#fate(file);
    const wrong = this.#audit.wrong(file.spec.id, file.bytes);
    const excused = wrong.filter((index) => rotted.has(index) && !rot.has(index));
    if (wrong.length > excused.length) fail(file, `${by} called it verified, wrong: ${wrong.join()}`);
  }

  mustBeTrue(file: TrueFile): void {
    if (this.#audit.wrong(file.spec.id, file.bytes).length > 0)
      fail(file, 'it is not the true file in the end');
  }

  /** When nothing is under way. */
  check(): void {
    const orphans = this.#audit.orphans();
    if (orphans.length > 0) throw new Error(`files of no model: ${orphans.join()}`);
    for (const file of this.files) {
      const { id } = file.spec;
      const { promised, rotted } = this.#fate(file);
      const kept = new Set(this.#audit.kept(id));
      const ahead = this.#audit.ahead(id);
      const unexcused = ahead.filter((index) => !rotted.has(index));
      if (unexcused.length > 0) fail(file, `the journal is ahead of the bytes: ${unexcused.join()}`);
      const lost = [...promised].filter((index) => !kept.has(index));
      if (lost.length > 0) fail(file, `promised chunks are lost: ${lost.join()}`);
      if (this.#audit.record(id)?.state === 'verified') this.calledVerified(file, 'the journal');
      // What was written anew is sound again.
      for (const index of rotted) if (!ahead.includes(index)) rotted.delete(index);
    }
  }

  #fate(file: TrueFile): Fate {
    const fate = this.#fates.get(file.spec.id) ?? {
      possible: new Map<number, readonly Uint8Array[]>(),
      promised: new Set<number>(),
      rotted: new Set<number>(),
    };
    this.#fates.set(file.spec.id, fate);
    return fate;
  }
}

function fail(file: TrueFile, what: string): never {
  throw new Error(`${file.spec.id.slice(0, 12)}: ${what}`);
}
