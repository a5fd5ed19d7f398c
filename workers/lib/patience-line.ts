import type { HeartbeatMessage } from '#contracts/worker-api';

/** On it a worker asks the page's supervisor not to mind its silence for a while. Says nothing until it is connected. */
export class PatienceLine {
  #port: MessagePort | null = null;

  connect(heartbeat: MessagePort): void {
    this.#port = heartbeat;
  }

  /** @param silenceAllowedMs null: as usual again */
  readonly ask = (silenceAllowedMs: number | null): void => {
    this.#port?.postMessage({ type: 'patience', silenceAllowedMs } satisfies HeartbeatMessage);
  };
}
