import { beforeEach, describe, expect, it } from 'vitest';
import type { HashStream, StoreHashes } from '../../../../src/storage/model-store/store-hashes.ts';
import { WholeHash } from '../../../../src/storage/model-store/whole-hash.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { turn } from '../../../fakes/turn.ts';

/** A thread that hashes when the test says so. */
class ManualStream implements HashStream {
  readonly pending: { readonly done: () => void; readonly die: () => void }[] = [];
  #chunks = 0;

  update(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pending.push({
        done: () => {
          this.#chunks += 1;
          resolve();
        },
        die: () => {
          reject(new Error('gone'));
        },
      });
    });
  }

  async save(): Promise<Uint8Array> {
    while (this.pending.length > this.#chunks) await turn();
    return Uint8Array.of(this.#chunks);
  }

  digest = (): Promise<Uint8Array> => this.save();
}

const BYTES = new Uint8Array(4);
let stream: ManualStream;
let whole: WholeHash;

beforeEach(async () => {
  stream = new ManualStream();
  const hashes: StoreHashes = { ...cheapHashes, stream: () => Promise.resolve(stream) };
  whole = new WholeHash(hashes);
  await whole.resume(null);
});

describe('what the journal is told', () => {
  it('is what is hashed by then: nothing waits for the rest', async () => {
    void whole.update(BYTES);
    expect([whole.chunks, whole.advance()]).toEqual([1, null]);
    stream.pending[0]?.done();
    await turn();
    void whole.update(BYTES);
    expect(whole.advance()).toEqual({ from: 0, mark: { chunks: 1, state: Uint8Array.of(1) } });
  });

  it('is nothing once the hash is lost: it is taken up again from what the journal has', async () => {
    void whole.update(BYTES);
    stream.pending[0]?.done();
    await turn();
    const lost = whole.update(BYTES);
    stream.pending[1]?.die();
    await lost;
    expect([whole.isToResume, whole.advance()]).toEqual([true, null]);
    stream = new ManualStream();
    await whole.resume({ chunks: 1, state: Uint8Array.of(1) });
    expect([whole.isToResume, whole.chunks, whole.advance()]).toEqual([false, 1, null]);
  });
});

it('has room for two chunks that wait, and for a third when they are hashed', async () => {
  await whole.room();
  void whole.update(BYTES);
  await whole.room();
  const second = whole.update(BYTES);
  let room = false;
  const waiting = whole.room().then(() => {
    room = true;
  });
  await turn();
  expect(room).toBe(false);
  stream.pending[0]?.done();
  stream.pending[1]?.done();
  await Promise.all([waiting, second]);
  expect(room).toBe(true);
});
