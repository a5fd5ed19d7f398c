/**
 * A GPU needs more rows at once to be filled, and pays for each batch with the submission of a whole graph; 256 tokens stay
 * far below a second on any GPU that is worth using, and keep the buffer for their logits small (256 × vocabulary × 4 B).
 */
export const GPU_BATCH_TOKENS = 256;

/**
 * What one CPU thread gets through within half a second: bytes of weights × tokens. Measured: 14.9 ms of CPU time a token
 * for 17 MB in Q4_0 (30 M parameters) in batches of 64.
 */
const BYTE_TOKENS_PER_THREAD = 0.6e9;
/** 4 % slower than batches of 512 (same measurement; batches of 32: 23 %). */
const MOST_TOKENS = 64;
/** 29 % slower; smaller ones would be slower still and gain little. */
const LEAST_TOKENS = 8;

/**
 * Tokens of a prompt that the CPU takes at once. A stop is seen only between batches, and only between batches does the page
 * hear that the engine is alive: so about half a second's work, whatever the size of the model.
 */
export function cpuBatchTokens(weightBytes: number, threads: number): number {
  const tokens = (BYTE_TOKENS_PER_THREAD * threads) / Math.max(1, weightBytes);
  const whole = LEAST_TOKENS * Math.floor(tokens / LEAST_TOKENS);
  return Math.min(MOST_TOKENS, Math.max(LEAST_TOKENS, whole));
}
