import type { Outcome } from './errors.ts';

/** Control plane of the worker that hashes beside the storage worker (over comlink). */
export interface HashWorkerApi {
  /** Serves `RunningHashesApi` (over comlink) on the port until the worker ends. */
  serve(port: MessagePort): Promise<Outcome<null>>;
}

/**
 * Running SHA-256s, as the storage worker asks for them on a port that the page has joined to it. Calls take effect in the
 * order in which they were made; what cannot be done rejects.
 */
export interface RunningHashesApi {
  /**
   * Begins a hash, or takes one up. Waited for before it is used.
   * @param id of the caller's choice, for the other calls
   * @param state as `save` gave it, by the same build; null: from the beginning
   */
  open(id: number, state: Uint8Array | null): Promise<void>;
  /** @param bytes to be transferred; they are transferred back, to be filled again */
  update(id: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  save(id: number): Promise<Uint8Array>;
  /** 32 bytes; ends the hash. */
  digest(id: number): Promise<Uint8Array>;
}
