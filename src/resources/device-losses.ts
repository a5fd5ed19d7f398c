/**
 * One crash of the GPU process takes every device of the page with it; the losses were seen 112 to 283 ms after it
 * (research/storage-and-reliability.md, fault 1), and a busy page hears of them later.
 */
const SAME_CRASH_MS = 5_000;

/** The session's account of lost GPUs, shared by all members: after the second crash Chromium gives no adapter again. */
export class DeviceLosses {
  #firstMs: number | null = null;

  /** Notes a loss. @returns whether the GPU may come back: true for all losses of the first crash */
  note(nowMs: number): boolean {
    this.#firstMs ??= nowMs;
    return nowMs - this.#firstMs < SAME_CRASH_MS;
  }
}
