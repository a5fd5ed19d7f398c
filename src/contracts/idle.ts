/**
 * Why the device has better to do than to work ahead: nobody looks at the page · the processor is busy · it runs on its
 * battery · the user wants data and power saved.
 */
export type Reluctance = 'hidden' | 'pressure' | 'battery' | 'saver';

/** When work that nobody waits for may be done. */
export interface IdlePort {
  /** Resolves when the page has nothing to do; also when `signal` aborts. */
  idle(signal: AbortSignal): Promise<void>;
  /** Null: it may be done now. */
  reluctance(): Promise<Reluctance | null>;
}
