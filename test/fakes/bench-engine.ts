import { err, ok } from '#kernel/result';
import {
  FULL_SPEED,
  type Engine,
  type GenerateRequest,
  type Generation,
  type Pacing,
} from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { VirtualClock } from './virtual-clock.ts';

/** Everything that engines of one run share: time, and who is running. */
export interface BenchLog {
  readonly clock: VirtualClock;
  readonly calls: { readonly member: string; readonly request: GenerateRequest }[];
  running: number;
  mostAtOnce: number;
}

export function benchLog(clock: VirtualClock): BenchLog {
  return { clock, calls: [], running: 0, mostAtOnce: 0 };
}

/** What the `call`-th answer of this member is; anything left out is typical. */
export type BenchScript = (
  call: number,
  request: GenerateRequest,
) => Partial<Generation> | Outcome<Generation>;

/** An engine that answers at scripted speeds on a virtual clock and notes every request. */
export class BenchEngine implements Engine {
  readonly kind = 'wllama';
  pacing: Pacing = { flushIntervalMs: 100, decodeDelayMs: 50 };
  readonly #member: string;
  readonly #log: BenchLog;
  readonly #script: BenchScript;
  #calls = 0;

  constructor(member: string, log: BenchLog, script: BenchScript = () => ({})) {
    this.#member = member;
    this.#log = log;
    this.#script = script;
  }

  load(): Promise<Outcome<never>> {
    return Promise.resolve(err(failure('internal')));
  }

  async generate(signal: AbortSignal, request: GenerateRequest): Promise<Outcome<Generation>> {
    const log = this.#log;
    log.calls.push({ member: this.#member, request });
    log.running += 1;
    log.mostAtOnce = Math.max(log.mostAtOnce, log.running);
    await Promise.resolve(); // a real engine answers later; a second call would show in `mostAtOnce`
    const scripted = this.#script(this.#calls, request);
    this.#calls += 1;
    log.clock.advance(100);
    log.running -= 1;
    if ('ok' in scripted) return scripted;
    return ok({
      text: 'x',
      finish: signal.aborted ? 'cancelled' : 'length',
      promptTokens: 130,
      completionTokens: request.maxTokens,
      timeToFirstTokenMs: 40,
      prefillTokensPerSecond: 2000,
      decodeTokensPerSecond: request.maxTokens > 1 ? 60 : null,
      durationMs: 100,
      ...scripted,
    });
  }

  setPacing(pacing: Pacing): void {
    this.pacing = pacing;
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }

  get atFullSpeed(): boolean {
    return this.pacing === FULL_SPEED;
  }
}
