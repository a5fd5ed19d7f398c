import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import type {
  Engine,
  GenerateRequest,
  Generation,
  LoadedModel,
  LoadOptions,
  Pacing,
  TokenChunk,
} from '#contracts/engine';
import { failure, type ErrorCode, type Outcome } from '#contracts/errors';

/** What a scripted member does with one question. Times are ms after the question. */
export interface Script {
  /** Text and the time at which its last token is there; it streams in as many chunks as it has characters. */
  readonly says?: string;
  /** What it says when asked again, in turn, and for ever the last of these; absent: the same. */
  readonly then?: readonly string[];
  /** What befalls every answer but its first; absent: nothing. */
  readonly afterwards?: Pick<Script, 'fails' | 'throws' | 'hangs'>;
  readonly atMs?: number;
  /** Ends with this error at `atMs` instead. */
  readonly fails?: ErrorCode;
  /** Throws from `generate` itself. */
  readonly throws?: boolean;
  /** Never settles, not even when it is stopped. */
  readonly hangs?: boolean;
  readonly finish?: Generation['finish'];
}

/** An engine on a virtual clock that does what its script says, and obeys a stop at once. */
export class ScriptedEngine implements Engine {
  readonly kind = 'wllama';
  readonly requests: GenerateRequest[] = [];
  /** Answers under way. */
  running = 0;
  aborted = 0;
  readonly #clock: Clock;
  readonly #script: Script;

  constructor(clock: Clock, script: Script) {
    this.#clock = clock;
    this.#script = script;
  }

  load(_signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>> {
    const { model, contextTokens, threads } = options;
    return Promise.resolve(
      ok({
        modelId: model.id,
        backend: 'cpu',
        threads,
        contextTokens,
        vocabularySize: 100,
        weightBytes: 0,
        loadMs: 1,
      }),
    );
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    this.requests.push(request);
    const { then = [], atMs = 10, finish = 'stop', afterwards } = this.#script;
    const { fails, throws, hangs } =
      this.requests.length > 1 && afterwards !== undefined ? afterwards : this.#script;
    const said = [this.#script.says ?? '', ...then];
    const says = said[Math.min(this.requests.length, said.length) - 1] ?? '';
    if (throws === true) throw new Error('scripted throw');
    this.running += 1;
    return new Promise((resolve) => {
      const startedMs = this.#clock.nowMs();
      const cancels: (() => void)[] = [];
      let sent = '';
      let firstMs: number | null = null;
      let over = false;
      const end = (outcome: Outcome<Generation>): void => {
        over = true;
        for (const cancel of cancels) cancel();
        this.running -= 1;
        resolve(outcome);
      };
      const generation = (ended: Generation['finish']): Generation => ({
        text: sent,
        finish: ended,
        promptTokens: request.prompt.length,
        completionTokens: sent.length,
        timeToFirstTokenMs: firstMs,
        prefillTokensPerSecond: null,
        decodeTokensPerSecond: null,
        durationMs: this.#clock.nowMs() - startedMs,
      });
      signal.addEventListener('abort', () => {
        if (over) return;
        this.aborted += 1;
        if (hangs !== true) end(ok(generation('cancelled')));
      });
      if (hangs === true) return;
      const letters = [...says];
      letters.forEach((letter, index) => {
        const dueMs = (atMs * (index + 1)) / letters.length;
        cancels.push(
          this.#clock.after(dueMs, () => {
            sent += letter;
            firstMs ??= this.#clock.nowMs() - startedMs;
            onChunk({ text: letter, tokens: index + 1, elapsedMs: this.#clock.nowMs() - startedMs });
          }),
        );
      });
      cancels.push(
        this.#clock.after(atMs, () => {
          end(fails === undefined ? ok(generation(finish)) : err(failure(fails, { member: 'scripted' })));
        }),
      );
    });
  }

  setPacing(_pacing: Pacing): void {
    // A script has its own pace.
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }
}

/** A seat at the table for each script, `a`, `b`, `c` …; later letters are the more accurate members. */
export function scriptedMembers(clock: Clock, scripts: readonly Script[]): readonly CouncilMember[] {
  return scripts.map((script, index) => {
    const id = String.fromCharCode('a'.charCodeAt(0) + index);
    const name = `Member ${id.toUpperCase()}`;
    const accuracy = 0.5 + index / 20;
    return { id, name, backend: 'cpu', engine: new ScriptedEngine(clock, script), accuracy };
  });
}

/** The engine behind a scripted member. */
export function scriptedEngine(member: CouncilMember | undefined): ScriptedEngine {
  if (member?.engine instanceof ScriptedEngine) return member.engine;
  throw new Error('not a scripted member');
}
