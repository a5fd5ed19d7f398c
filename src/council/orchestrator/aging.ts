/** urgent: somebody waits for it now · normal: part of a round · background: calibration, warming of caches. */
export const PRIORITIES = ['urgent', 'normal', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** One class is worth this much waiting: about as long as a short answer takes on a slow device. */
export const AGE_STEP_MS = 5_000;

/**
 * Priorities with linear aging (Silberschatz, "Operating System Concepts", §5.3.4), as a key that never changes: a request
 * that gains one class per `stepMs` of waiting is in the order of `submitted + class × stepMs` at any moment, so nothing is
 * ever sorted anew.
 *
 * No starvation: what comes later than `class × stepMs` after a request is never served before it. So a background request
 * is overtaken by requests of its first 10 s only, and there are no more of those than the queue has places.
 * @param submittedMs when it was submitted
 * @returns served in ascending order, ms
 */
export function serviceKeyMs(priority: Priority, submittedMs: number, stepMs = AGE_STEP_MS): number {
  return submittedMs + PRIORITIES.indexOf(priority) * stepMs;
}
