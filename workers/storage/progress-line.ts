import type { ModelProgress } from '#contracts/models';

/** The way to the page for what is under way. Its end belongs to whoever opened it. */
export class ProgressLine {
  readonly #port: MessagePort | undefined;

  constructor(port: MessagePort | undefined) {
    this.#port = port;
  }

  readonly tell = (progress: ModelProgress): void => {
    this.#port?.postMessage(progress);
  };

  close(): void {
    this.#port?.close();
  }
}

/** Progress of what reads and writes on this device, or has not begun to fetch: no server, no forecast. */
export function localProgress(
  modelId: string,
  phase: ModelProgress['phase'],
  doneBytes: number,
  totalBytes: number | null,
): ModelProgress {
  return {
    modelId,
    phase,
    doneBytes,
    totalBytes,
    transferredBytes: 0,
    bytesPerSecond: null,
    secondsLeft: null,
    host: null,
    waiting: null,
  };
}
