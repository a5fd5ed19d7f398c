import * as Comlink from 'comlink';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { HashWorkerApi, RunningHashesApi } from '#contracts/hash-worker';
import type { HashStream } from '../../src/storage/model-store/store-hashes.ts';
import { wasmSha256 } from '../../src/storage/model-store/wasm-sha256.ts';

/** SHA-256s that are computed in this thread for another one. */
export class RunningHashes implements RunningHashesApi {
  readonly #streams = new Map<number, HashStream>();

  async open(id: number, state: Uint8Array | null): Promise<void> {
    this.#streams.set(id, await wasmSha256(state));
  }

  async update(id: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    await this.#stream(id).update(bytes);
    return Comlink.transfer(bytes, [bytes.buffer]);
  }

  save(id: number): Promise<Uint8Array> {
    return this.#stream(id).save();
  }

  digest(id: number): Promise<Uint8Array> {
    const digest = this.#stream(id).digest();
    this.#streams.delete(id);
    return digest;
  }

  #stream(id: number): HashStream {
    const stream = this.#streams.get(id);
    if (stream === undefined) throw new Error('no such hash');
    return stream;
  }
}

/** The hash worker as the page sees it. */
export class HashWorkerHost implements HashWorkerApi {
  serve(port: MessagePort): Promise<Outcome<null>> {
    Comlink.expose(new RunningHashes(), port);
    return Promise.resolve(ok(null));
  }
}
