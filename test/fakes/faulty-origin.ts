import { seededRandom, type Random } from '#kernel/random';
import { MemoryRecords } from './memory-records.ts';

/** What the store asks of its origin. */
export type Operation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'size'
  | 'flush'
  | 'remove'
  | 'list'
  | 'journal-read'
  | 'journal-change';

/**
 * What may go wrong at one operation. `throws`: an error of no known name, with a write half done. `quota`:
 * QuotaExceededError. `code`: a write returns 4294967288 and writes nothing, anything else fails in silence where it can.
 * `short`: a write keeps half and says so. `flip`: a read returns other bytes, once. `aborted`: a transaction ends without
 * a reason. `crash`: every tab dies here, what was not flushed is lost or not. `wipe`: the browser drops the origin under
 * open handles.
 */
export type OriginFault = 'throws' | 'quota' | 'code' | 'short' | 'flip' | 'aborted' | 'crash' | 'wipe';

export const ORIGIN_FAULTS: readonly OriginFault[] = [
  'throws',
  'quota',
  'code',
  'short',
  'flip',
  'aborted',
  'crash',
  'wipe',
];

/** Bytes of a file as the page sees them, and as they would be found after a crash. */
export interface FakeFile {
  live: Uint8Array<ArrayBuffer>;
  durable: Uint8Array<ArrayBuffer> | null;
}

/** Blocks that are lost or kept as one when what was not flushed goes. */
const BLOCK_BYTES = 16;

export class Crashed extends Error {
  override readonly name = 'Crashed';
}

/** One origin of a browser: its files and its journal, which several tabs share and which fail as real ones do. */
export class FaultyOrigin {
  readonly files = new Map<string, FakeFile>();
  records = new MemoryRecords();
  /** Asked before every operation. */
  fault: (operation: Operation) => OriginFault | null = () => null;
  /** Told of every operation. */
  onOperation: () => void = () => undefined;
  /** Told when everything died, or went. */
  onCrash: () => void = () => undefined;
  onWipe: () => void = () => undefined;
  /** Bytes; files take it in steps. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** What a full origin does: throw, return a code, or keep part of it first. */
  whenFull: 'quota' | 'code' | 'short' = 'quota';
  /** A megabyte of the real browser in bytes of this one: steps are 16, 32, 64, 128 of it and multiples of 128. */
  megabyte = 16;
  operations = 0;
  /** Tabs of before a crash are dead; handles of before a wipe lead nowhere. */
  generation = 0;
  wipes = 0;
  /** Changes of the journal run one at a time. */
  lastChange: Promise<unknown> = Promise.resolve();
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  random(): number {
    return this.#random();
  }

  /** Takes as long as it takes: other tabs get between. @returns the fault that strikes */
  async begin(operation: Operation, generation: number): Promise<OriginFault | null> {
    for (let turns = Math.floor(this.random() * 3); turns >= 0; turns -= 1) await Promise.resolve();
    if (generation !== this.generation) throw new Crashed();
    this.operations += 1;
    this.onOperation();
    const fault = this.fault(operation);
    if (fault === 'wipe') this.wipe();
    if (fault === 'crash' && this.random() < 0.5) this.crash();
    return fault;
  }

  /** After the effect of an operation: a crash may also come here, when it has been done but nobody was told. */
  end(fault: OriginFault | null, generation: number): void {
    if (fault === 'crash' && generation === this.generation) this.crash();
    if (generation !== this.generation) throw new Crashed();
  }

  /** Every tab dies. What was not flushed is lost, kept, or a bit of both. */
  crash(): void {
    this.generation += 1;
    this.lastChange = Promise.resolve();
    for (const [name, file] of this.files) {
      if (file.durable === null && this.random() < 0.5) {
        this.files.delete(name);
        continue;
      }
      file.live = this.#survivors(file.live, file.durable ?? new Uint8Array());
      file.durable = file.live.slice();
    }
    this.onCrash();
  }

  /** The browser drops everything; tabs live on with handles that lead nowhere. */
  wipe(): void {
    this.files.clear();
    this.records = new MemoryRecords();
    this.wipes += 1;
    this.onWipe();
  }

  /** Bytes that a file of this size takes from the quota. */
  taken(sizeBytes: number): number {
    const steps = [16, 32, 64, 128].map((step) => step * this.megabyte);
    const largest = 128 * this.megabyte;
    return sizeBytes === 0
      ? 0
      : (steps.find((step) => step >= sizeBytes) ?? Math.ceil(sizeBytes / largest) * largest);
  }

  fits(name: string, sizeBytes: number): boolean {
    let total = this.taken(sizeBytes);
    for (const [other, file] of this.files) if (other !== name) total += this.taken(file.live.length);
    return total <= this.capacityBytes;
  }

  #survivors(live: Uint8Array<ArrayBuffer>, durable: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const after = new Uint8Array(this.random() < 0.5 ? live.length : durable.length);
    for (let at = 0; at < after.length; at += BLOCK_BYTES) {
      const from = this.random() < 0.5 ? live : durable;
      after.set(from.subarray(at, Math.min(at + BLOCK_BYTES, after.length)), at);
    }
    return after;
  }
}
