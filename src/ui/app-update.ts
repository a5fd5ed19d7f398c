/** A newer version of the app that waits to take over. */
export interface AppUpdate {
  readonly ready: boolean;
  /** Lets the new version take over and reloads. */
  apply(): void;
  /** Calls `changed` when `ready` may have changed; returns what ends that. */
  subscribe(changed: () => void): () => void;
}
