import type { BenchTestName } from '#contracts/bench';
import type { Generation } from '#contracts/engine';

/** The engine's own prefill time where it reports one; else the whole time to the first token, which is a little more. */
function prefillSpeed({
  prefillTokensPerSecond,
  promptTokens,
  timeToFirstTokenMs,
}: Generation): number | null {
  if (prefillTokensPerSecond !== null) return prefillTokensPerSecond;
  if (timeToFirstTokenMs === null || timeToFirstTokenMs <= 0 || promptTokens <= 0) return null;
  return (promptTokens * 1000) / timeToFirstTokenMs;
}

/** The figure of one repetition in the unit of its test; null when the answer does not contain it. */
export function sampleOf(test: BenchTestName, generation: Generation): number | null {
  const figure = {
    pp128: prefillSpeed(generation),
    tg64: generation.decodeTokensPerSecond,
    ttft: generation.timeToFirstTokenMs,
  }[test];
  return figure !== null && Number.isFinite(figure) && figure >= 0 ? figure : null;
}
