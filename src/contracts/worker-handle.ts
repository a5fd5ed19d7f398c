import type { Outcome, WitanFailure } from './errors.ts';

/**
 * A supervised worker, as the rooms that use one see it (only `platform` can make one). A call to it always settles:
 * comlink itself never rejects when a worker dies (comlink issue 601), so every call races against the worker's loss
 * and a deadline.
 */
export interface WorkerHandle<Api> {
  readonly name: string;
  readonly alive: boolean;
  /**
   * Runs `use` on the worker's API.
   * Errors: whatever the worker answers, plus worker-lost, worker-silent and deadline-exceeded.
   * @param deadlineMs time limit in ms, or null when the caller watches progress by itself
   */
  call<T>(deadlineMs: number | null, use: (api: Api) => Promise<Outcome<T>>): Promise<Outcome<T>>;
  /** Called once, when the worker has died or was given up. Called at once if that has happened already. */
  onLost(listener: (reason: WitanFailure) => void): () => void;
  /** Ends the worker; calls under way fail with `reason`. */
  terminate(reason: WitanFailure): void;
}

/** Makes a fresh worker of one kind. */
export type WorkerFactory<Api> = (name: string) => WorkerHandle<Api>;
