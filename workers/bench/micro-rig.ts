import type { Outcome } from '#contracts/errors';
import type { MicroName, MicroPrepared, MicroSample } from '#contracts/micro-bench';

/** What one part has made ready: see `MicroBenchWorkerApi`. Its calls may throw; the host makes failures of that. */
export interface MicroRig {
  readonly prepared: MicroPrepared;
  sample(name: MicroName, blocks: number): Outcome<MicroSample> | Promise<Outcome<MicroSample>>;
  end(): void | Promise<void>;
}

/** The worker's own clock, milliseconds. */
export type NowMs = () => number;

export function nothingPrepared(clockStepUs: number): MicroPrepared {
  return { names: [], skipped: [], clockStepUs, adapter: '', fallback: false, memory: null };
}
