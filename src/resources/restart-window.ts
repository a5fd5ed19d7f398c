import { RUN_RESTARTS } from './recovery-ladder.ts';

/** A worker that dies more often than this within the window is in a storm; now and then is repaired for ever. */
const WINDOW_MS = 60_000;

/** Restarts of a worker while it served, as far back as they count. */
export class RestartWindow {
  #restartsMs: readonly number[] = [];

  /** How many more are allowed now. */
  left(nowMs: number): number {
    this.#restartsMs = this.#restartsMs.filter((at) => nowMs - at < WINDOW_MS);
    return Math.max(0, RUN_RESTARTS - this.#restartsMs.length);
  }

  note(nowMs: number): void {
    this.#restartsMs = [...this.#restartsMs, nowMs];
  }

  forget(): void {
    this.#restartsMs = [];
  }
}
