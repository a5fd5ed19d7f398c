import { assert } from '#kernel/assert';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { MicroName, MicroPrepared, MicroSample } from '#contracts/micro-bench';
import { nothingPrepared, type MicroRig, type NowMs } from './micro-rig.ts';

const MIB = 2 ** 20;
/** Pieces as the model store writes them. */
const PIECE_BYTES = 4 * MIB;
const PIECES = 4;
/** Room that must be left besides the file: the browser's own accounts are not exact. */
const ROOM_BYTES = 3 * PIECES * PIECE_BYTES;
const NAME = 'witan-micro-bench';
/** Most that the browser gives at a time. */
const RANDOM_BYTES = 65_536;

/** The part of `FileSystemSyncAccessHandle` used here; it exists in dedicated workers only. */
export interface SyncFile {
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  flush(): void;
  close(): void;
}

interface SyncFileHandle extends Omit<FileSystemFileHandle, 'createSyncAccessHandle'> {
  createSyncAccessHandle?: () => Promise<SyncFile>;
}

/** Between pieces, so that the supervisor hears of a worker whose disk is slow. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

/** What an earlier run left whose tab was closed. Files that another tab measures with are locked, and stay. */
async function sweep(root: FileSystemDirectoryHandle): Promise<void> {
  const names: string[] = [];
  for await (const name of root.keys()) if (name.startsWith(NAME)) names.push(name);
  for (const name of names) await root.removeEntry(name).catch(() => undefined);
}

/**
 * Writes and reads one file of the origin's own, in pieces. What is read was just written: it comes from where the system
 * keeps such files at hand, as a model does that was just downloaded.
 */
export class MicroStorage implements MicroRig {
  readonly prepared: MicroPrepared;
  readonly #root: FileSystemDirectoryHandle;
  readonly #name: string;
  readonly #file: SyncFile;
  readonly #nowMs: NowMs;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  readonly #into = new Uint8Array(PIECE_BYTES);
  #written = 0;

  private constructor(
    root: FileSystemDirectoryHandle,
    name: string,
    file: SyncFile,
    nowMs: NowMs,
    clockStepUs: number,
  ) {
    this.#root = root;
    this.#name = name;
    this.#file = file;
    this.#nowMs = nowMs;
    this.prepared = { ...nothingPrepared(clockStepUs), names: ['storageWriteMBps', 'storageReadMBps'] };
    for (let at = 0; at < PIECE_BYTES; at += RANDOM_BYTES)
      crypto.getRandomValues(this.#piece.subarray(at, at + RANDOM_BYTES));
  }

  /** @returns null where the browser keeps no such files, or has no room for one */
  static async open(
    storage: Partial<StorageManager> | undefined,
    nowMs: NowMs,
    clockStepUs: number,
  ): Promise<MicroStorage | null> {
    const root = await storage?.getDirectory?.().catch(() => null);
    if (root === undefined || root === null) return null;
    await sweep(root);
    const { quota, usage } = (await storage?.estimate?.()) ?? {};
    if (quota !== undefined && quota - (usage ?? 0) < ROOM_BYTES) return null;
    const name = `${NAME}-${crypto.randomUUID()}`;
    const handle: SyncFileHandle = await root.getFileHandle(name, { create: true });
    let file: SyncFile | undefined;
    try {
      file = await handle.createSyncAccessHandle?.();
    } finally {
      if (file === undefined) await root.removeEntry(name);
    }
    return file === undefined ? null : new MicroStorage(root, name, file, nowMs, clockStepUs);
  }

  async sample(name: MicroName, blocks: number): Promise<Outcome<MicroSample>> {
    let elapsedMs = 0;
    for (let block = 0; block < blocks; block += 1)
      elapsedMs += name === 'storageWriteMBps' ? await this.#write() : await this.#read();
    const megabytes = (blocks * PIECES * PIECE_BYTES) / 1e6;
    return ok({ value: elapsedMs > 0 ? megabytes / (elapsedMs / 1000) : 0, elapsedMs });
  }

  async end(): Promise<void> {
    this.#file.close();
    await this.#root.removeEntry(this.#name);
  }

  /** The number of the writing and of the piece, so that no two pieces are the same. */
  #stamp(piece: number): Uint32Array {
    return Uint32Array.of(this.#written, piece);
  }

  /** Until all of it is where the system says that it is kept, ms. */
  async #write(): Promise<number> {
    this.#written += 1;
    let elapsedMs = 0;
    for (let piece = 0; piece < PIECES; piece += 1) {
      new Uint32Array(this.#piece.buffer).set(this.#stamp(piece));
      elapsedMs += this.#timed(() => this.#file.write(this.#piece, { at: piece * PIECE_BYTES }));
      await turnOfTheLoop();
    }
    return (
      elapsedMs +
      this.#timed(() => {
        this.#file.flush();
      })
    );
  }

  async #read(): Promise<number> {
    if (this.#written === 0) await this.#write();
    let elapsedMs = 0;
    for (let piece = 0; piece < PIECES; piece += 1) {
      elapsedMs += this.#timed(() => this.#file.read(this.#into, { at: piece * PIECE_BYTES }));
      const found = new Uint32Array(this.#into.buffer, 0, 2);
      assert(
        this.#stamp(piece).every((word, at) => word === found[at]),
        'what was written is read',
      );
      await turnOfTheLoop();
    }
    return elapsedMs;
  }

  #timed(work: () => number | void): number {
    const startMs = this.#nowMs();
    const bytes = work();
    const elapsedMs = this.#nowMs() - startMs;
    assert(bytes === undefined || bytes === PIECE_BYTES, 'a whole piece');
    return elapsedMs;
  }
}
