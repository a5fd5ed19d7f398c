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

/** Progress of what reads and writes on this device, where there is no server and no forecast. */
export function localProgress(
  modelId: string,
  phase: Exclude<ModelProgress['phase'], 'download'>,
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
