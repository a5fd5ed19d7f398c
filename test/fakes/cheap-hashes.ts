import {
  FINGERPRINT_BYTES,
  SHA256_BYTES,
  type HashStream,
  type StoreHashes,
} from '../../src/storage/model-store/store-hashes.ts';

/** Two 32-bit sums over bytes: tell a flipped bit, a lost block and a changed order apart, and cost next to nothing. */
class Sums {
  #first: number;
  #second: number;

  constructor(first: number, second: number) {
    this.#first = first;
    this.#second = second;
  }

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#first = Math.imul(this.#first ^ byte, 0x01000193) >>> 0;
      this.#second = (Math.imul(this.#second + byte + 1, 0x85ebca6b) ^ (this.#second >>> 13)) >>> 0;
    }
  }

  spread(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < length; at += 8) {
      view.setUint32(at, Math.imul(this.#first + at, 0x9e3779b1) >>> 0);
      view.setUint32(at + 4, Math.imul(this.#second ^ at, 0xc2b2ae35) >>> 0);
    }
    return bytes;
  }

  save(): Uint8Array {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, this.#first);
    new DataView(bytes.buffer).setUint32(4, this.#second);
    return bytes;
  }

  static load(state: Uint8Array): Sums {
    const view = new DataView(state.buffer, state.byteOffset);
    return new Sums(view.getUint32(0), view.getUint32(4));
  }
}

const whole = (): Sums => new Sums(0x811c9dc5, 17);

/** "SHA-256" of these hashes, for the truth that tests compare with. */
export function cheapSha256(bytes: Uint8Array): Uint8Array {
  const sums = whole();
  sums.add(bytes);
  return sums.spread(SHA256_BYTES);
}

/** Hash functions for simulations: the shapes of the real ones at a thousandth of the cost. */
export const cheapHashes: StoreHashes = {
  fingerprint: (bytes) => {
    const sums = new Sums(0x1234567, 99);
    sums.add(bytes);
    return sums.spread(FINGERPRINT_BYTES);
  },
  sha256: (bytes) => Promise.resolve(cheapSha256(bytes)),
  stream: (state): Promise<HashStream> => {
    const sums = state === null ? whole() : Sums.load(state);
    return Promise.resolve({
      update: (bytes) => {
        sums.add(bytes);
        return Promise.resolve();
      },
      save: () => Promise.resolve(sums.save()),
      digest: () => Promise.resolve(sums.spread(SHA256_BYTES)),
    });
  },
};
