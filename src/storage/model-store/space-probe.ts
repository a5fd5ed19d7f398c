import type { Outcome } from '#contracts/errors';
import { ok } from '#kernel/result';
import type { ByteStore } from './byte-store.ts';
import { attempt } from './store-failure.ts';

/** A file that exists only while room is measured; one that a crash leaves behind is a stray and goes at the next start. */
const PROBE = 'room-probe';
/** Finer is no truer: sync handles take room in steps of at least 16 MiB (measured in Chromium). */
const STEP_BYTES = 16 * 2 ** 20;

/** Asks the browser for room instead of believing what it says about it: only a file that grows is an answer. */
export class SpaceProbe {
  readonly #bytes: ByteStore;
  readonly #stepBytes: number;

  constructor(bytes: ByteStore, stepBytes = STEP_BYTES) {
    this.#bytes = bytes;
    this.#stepBytes = stepBytes;
  }

  /**
   * Bytes that one more file could take, at most `atMostBytes`, to 16 MiB; null where the store takes no room in advance,
   * so that nobody knows. Errors: storage-failed.
   */
  async freeBytes(atMostBytes: number): Promise<Outcome<number | null>> {
    if (!this.#bytes.reserves) return ok(null);
    const measured = await attempt('measure room', () => this.#measure(atMostBytes));
    const removed = await attempt('measure room', () => this.#bytes.remove(PROBE));
    return removed.ok ? measured : removed;
  }

  async #measure(atMostBytes: number): Promise<number> {
    const file = await this.#bytes.open(PROBE, 'write');
    if (file === null) return 0;
    const fits = async (bytes: number): Promise<boolean> => {
      const grown = await attempt('measure room', () => file.truncate(bytes));
      return grown.ok && (await file.size()) === bytes;
    };
    try {
      if (await fits(atMostBytes)) return atMostBytes;
      let fitting = 0;
      let tooMuch = Math.ceil(atMostBytes / this.#stepBytes);
      while (tooMuch - fitting > 1) {
        const middle = Math.floor((fitting + tooMuch) / 2);
        if (await fits(middle * this.#stepBytes)) fitting = middle;
        else tooMuch = middle;
      }
      return fitting * this.#stepBytes;
    } finally {
      await file.close();
    }
  }
}
