import { Semaphore } from '#kernel/semaphore';

export interface ChunkBuffer {
  /** Of one chunk; another object when bytes came straight into it, of length 0 when it was lost to a read that failed. */
  memory: ArrayBuffer;
  /** Gives it back; more than once does no harm. */
  readonly release: () => void;
}

/**
 * The memory of a download: so many chunks and no more, used again and again. Few: whole chunks that wait for the store
 * are lost when the tab is killed.
 */
export class ChunkBuffers {
  readonly #chunkBytes: number;
  readonly #slots: Semaphore;
  readonly #free: ArrayBuffer[] = [];

  constructor(chunkBytes: number, count: number) {
    this.#chunkBytes = chunkBytes;
    this.#slots = new Semaphore(count);
  }

  /** One more. */
  grow(): void {
    this.#slots.grow();
  }

  /** Waits for a free one. @returns null when `signal` aborted first */
  async acquire(signal: AbortSignal): Promise<ChunkBuffer | null> {
    const leave = await this.#slots.acquire(signal);
    if (leave === null) return null;
    let isBack = false;
    const buffer: ChunkBuffer = {
      memory: this.#free.pop() ?? new ArrayBuffer(this.#chunkBytes),
      release: () => {
        if (isBack) return;
        isBack = true;
        if (buffer.memory.byteLength > 0) this.#free.push(buffer.memory);
        leave();
      },
    };
    return buffer;
  }
}
