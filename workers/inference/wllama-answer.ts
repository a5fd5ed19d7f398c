import { err, ok } from '#kernel/result';
import type { Generation, TokenLogprob } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { DecodeGate } from './decode-gate.ts';
import { EngineLost, type WllamaActions } from './wllama-actions.ts';
import { isHalfCharacter, wllamaFailure } from './wllama-errors.ts';
import { cancelRequest, completionRequest, resultRequest } from './wllama-messages.ts';
import type { NativeLog } from './wllama-native-log.ts';
import type { ChatBody } from './wllama-request.ts';
import { answerStep, requestId, stepResult, type Timings } from './wllama-results.ts';

/** The instance that answers. */
export interface Answering {
  readonly model: string;
  readonly actions: WllamaActions;
  readonly log: NativeLog;
  /** Whether the only answer that runs may ask for its next step before it has the last one's result. */
  mayRunAhead(): boolean;
}

/**
 * Steps that take longer are not asked for ahead: beside them the way from thread to thread is nothing, and a stop waits
 * for all that was asked for.
 */
const AHEAD_STEP_MS = 50;

/** What an attempt has told so far. */
interface Told {
  finish: Generation['finish'];
  timings: Timings | null;
  /** Text of this attempt; shorter than the gate's while a second attempt repeats the first. */
  text: string;
  readonly logprobs: TokenLogprob[];
}

/**
 * Streams one answer into the gate. When the gate's signal aborts, the slot is free again before this resolves.
 *
 * llama.cpp fails on the log-probability of a token that is only half a character, in the middle of the answer. The
 * answer is then begun again without them: it is the same (same seed, same share of the cache), so that only what is new
 * is passed on, and comes without `logprobs`.
 * Errors: context-exceeded, request-unsupported, engine-failed, and the failure of an engine that is lost.
 */
export async function streamAnswer(
  engine: Answering,
  body: ChatBody,
  gate: DecodeGate,
): Promise<Outcome<Generation>> {
  try {
    try {
      return ok(await attempt(engine, body, gate, body['logprobs'] === true));
    } catch (thrown) {
      const native = engine.log.takeProblems();
      if (!isHalfCharacter(native)) return err(failureIn(thrown, engine, native));
    }
    const { logprobs: _dropped, top_logprobs: _too, ...plain } = body;
    return ok(await attempt(engine, plain, gate, false));
  } catch (thrown) {
    return err(failureIn(thrown, engine, engine.log.takeProblems()));
  }
}

function failureIn(
  thrown: unknown,
  { model }: Answering,
  native: readonly string[],
): ReturnType<typeof wllamaFailure> {
  return thrown instanceof EngineLost ? thrown.problem : wllamaFailure(thrown, model, native);
}

async function attempt(
  engine: Answering,
  body: ChatBody,
  gate: DecodeGate,
  wantsLogprobs: boolean,
): Promise<Generation> {
  const { actions } = engine;
  const told: Told = { finish: 'stop', timings: null, text: '', logprobs: [] };
  const ask = (id: number): Promise<unknown> => {
    const step = actions.step(gate.signal, 'get_result', resultRequest(id));
    step.catch(() => undefined); // One that was asked for ahead may fail unheard, after the one before it.
    return step;
  };
  let next: Promise<unknown> | null = null;
  let heardMs = performance.now();
  let stepMs = Infinity;
  let open: number | null = null;
  try {
    open = requestId(await actions.now('completion', completionRequest(body)));
    for (;;) {
      const asked: Promise<unknown> = next ?? ask(open);
      // Not in the prompt, whose steps are long, and not where a step may throw: wllama then fails both.
      const ahead: boolean =
        told.text !== '' && stepMs <= AHEAD_STEP_MS && !wantsLogprobs && engine.mayRunAhead();
      next = ahead ? ask(open) : null;
      const step = await asked;
      if (step === null) break;
      stepMs = performance.now() - heardMs;
      heardMs += stepMs;
      const { hasMore, data } = stepResult(step);
      take(data, gate, told);
      if (!hasMore) {
        open = null;
        return generation(gate, told, wantsLogprobs);
      }
    }
    told.finish = 'cancelled';
    return generation(gate, told, wantsLogprobs);
  } finally {
    // A request that was not heard to its end keeps its slot, and the next one would find none.
    if (open !== null) await actions.now('cancel', cancelRequest(open)).catch(() => undefined);
  }
}

function take(data: unknown, gate: DecodeGate, told: Told): void {
  const { text, logprobs, finish, timings } = data === null ? NOTHING : answerStep(data);
  if (finish === 'length') told.finish = 'length';
  told.timings = timings ?? told.timings;
  told.logprobs.push(...logprobs);
  const known = gate.text.slice(told.text.length, told.text.length + text.length);
  told.text += text;
  if (!text.startsWith(known)) throw new Error('the second attempt differs from the first');
  const fresh = text.slice(known.length);
  if (fresh === '') gate.onSilentStep();
  else gate.onToken(fresh);
}

const NOTHING = { text: '', logprobs: [], finish: null, timings: null } as const;

function generation(gate: DecodeGate, told: Told, wantsLogprobs: boolean): Generation {
  const { timings } = told;
  return {
    text: gate.text,
    finish: told.finish,
    promptTokens: timings === null ? 0 : timings.prompt_n + timings.cache_n,
    ...(timings === null ? {} : { cachedPromptTokens: timings.cache_n }),
    completionTokens: timings?.predicted_n ?? gate.tokens,
    timeToFirstTokenMs: gate.timeToFirstTokenMs,
    prefillTokensPerSecond:
      timings !== null && timings.prompt_n > 0 ? (timings.prompt_per_second ?? null) : null,
    decodeTokensPerSecond: gate.decodeTokensPerSecond,
    durationMs: gate.elapsedMs,
    ...(wantsLogprobs ? { logprobs: told.logprobs } : {}),
  };
}
