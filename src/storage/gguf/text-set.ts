/**
 * Tells texts that were seen before from new ones by 64 bits of two hashes (FNV-1a, and Murmur's multiplier with a shift),
 * without a string for each: 16 bytes of memory a text. Of 262,144 different ones two are taken for the same with a
 * probability of 2e-9.
 */
export class TextSet {
  readonly #slots: Uint32Array;
  readonly #mask: number;

  /** @param size texts that will be added at most */
  constructor(size: number) {
    // At most half full, so that a free slot is near.
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * size)));
    this.#slots = new Uint32Array(2 * capacity);
    this.#mask = capacity - 1;
  }

  /** Adds the text in these bytes. False when it is there already. */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    let first = 0x811c9dc5;
    let second = to - from;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] ?? 0;
      first = Math.imul(first ^ byte, 0x01000193);
      second = Math.imul(second ^ byte, 0x5bd1e995);
      second ^= second >>> 13;
    }
    // Zero marks a free slot.
    const high = first >>> 0 || 1;
    const low = second >>> 0;
    let slot = (high ^ (high >>> 15)) & this.#mask;
    for (;;) {
      const kept = this.#slots[2 * slot];
      if (kept === 0) break;
      if (kept === high && this.#slots[2 * slot + 1] === low) return false;
      slot = (slot + 1) & this.#mask;
    }
    this.#slots[2 * slot] = high;
    this.#slots[2 * slot + 1] = low;
    return true;
  }
}
