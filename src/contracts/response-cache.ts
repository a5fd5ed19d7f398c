import type { Outcome } from './errors.ts';

/** What the response cache did since the page began, and what it holds. */
export interface ResponseCacheStats {
  /** False: the user wants every question asked, and nothing kept. */
  readonly enabled: boolean;
  /** When the counts below began, milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** Questions that were answered from it. */
  readonly hits: number;
  /** Questions that were not in it; the council was asked. */
  readonly misses: number;
  /** Questions that joined a round of the very same question. */
  readonly shared: number;
  /** Questions that are never kept: a server's model, or one of whom nobody knows which weights it has; or asked afresh, or the cache is off. */
  readonly bypassed: number;
  /** Answers kept. */
  readonly stored: number;
  /** Answers that depend on more than the question (somebody was missing, a deadline, a stop), so not kept. */
  readonly unfit: number;
  readonly evicted: number;
  readonly expired: number;
  readonly invalidated: number;
  /** Entries that could not be read; they were dropped. */
  readonly damaged: number;
  /** Reads and writes that the browser refused, and answers larger than the cache. */
  readonly failed: number;
  readonly entries: number;
  readonly bytes: number;
  /** False: it lives as long as the tab. */
  readonly persistent: boolean;
}

export interface ResponseCachePort {
  /** Errors: storage-failed, storage-unavailable. */
  stats(): Promise<Outcome<ResponseCacheStats>>;
  /** Forgets every answer. Errors: storage-failed, storage-unavailable. */
  clear(): Promise<Outcome<null>>;
  /**
   * Turns it on or off, for all tabs; off also forgets every answer.
   * Errors: storage-failed (it then holds in this tab alone), storage-unavailable.
   */
  setEnabled(enabled: boolean): Promise<Outcome<null>>;
}
