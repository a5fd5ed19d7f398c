import type { ChatCompletionChunk, CompletionUsage } from '@mlc-ai/web-llm';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { GenerateRequest, Generation } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { DecodeGate } from './decode-gate.ts';
import { webLlmFailure } from './web-llm-errors.ts';
import type { LoadedWebLlm } from './web-llm-loading.ts';
import { PrefillStopped } from './web-llm-pipeline.ts';
import { chatRequest } from './web-llm-request.ts';

/** What is true of an answer at its end. */
interface Ending {
  finish: Generation['finish'];
  usage: CompletionUsage | null;
}

class DeviceGone extends Error {
  readonly problem: WitanFailure;
  constructor(problem: WitanFailure) {
    super(problem.code);
    this.problem = problem;
  }
}

/**
 * One answer of web-llm, from request to figures.
 * @param stop ends it with finish 'cancelled': before the next chunk of the prompt, or before the next token
 * @param onGrammar see `SteppedPipeline.follow`
 * Errors: context-exceeded, request-unsupported, device-lost, out-of-memory, engine-failed.
 */
export async function streamAnswer(
  stop: AbortSignal,
  loaded: LoadedWebLlm,
  request: GenerateRequest,
  gate: DecodeGate,
  onGrammar: (compiles: boolean) => void,
): Promise<Outcome<Generation>> {
  const { engine, pipeline, watch, model } = loaded;
  const asked = chatRequest(request, model.name);
  if (!asked.ok) return asked;
  const ending: Ending = { finish: 'stop', usage: null };
  const onStop = (): void => void engine.interruptGenerate();
  /** What waits for a lost device waits for ever. */
  const orGone = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const forget = watch.onLost((fate) => {
        reject(new DeviceGone(failure(fate, { model: model.name })));
      });
      work.then(resolve, reject).finally(forget);
    });
  stop.addEventListener('abort', onStop, { once: true });
  const onStep = (): void => {
    gate.onSilentStep();
  };
  pipeline.follow(stop, onStep, onGrammar);
  watch.takeProblem();
  try {
    await pipeline.idle();
    if (request.cachePrompt === false) await engine.resetChat(false, model.id);
    if (stop.aborted) throw new PrefillStopped('stopped');
    const stream = await orGone(engine.chat.completions.create(asked.value));
    const chunks = stream[Symbol.asyncIterator]();
    for (let step = await orGone(chunks.next()); step.done !== true; step = await orGone(chunks.next())) {
      take(step.value, gate, pipeline.tokens, ending);
      await orGone(untilAborted(gate.beforeStep(), stop));
    }
  } catch (thrown) {
    const problem = await problemOf(thrown, stop, loaded);
    // What is in the key-value cache now belongs to no conversation.
    if (watch.fate === null) await engine.resetChat(false, model.id).catch(() => undefined);
    if (problem !== null) return err(problem);
    ending.finish = 'cancelled';
  } finally {
    stop.removeEventListener('abort', onStop);
  }
  const dropped = watch.takeProblem();
  if (dropped !== null) return err(failure('engine-failed', { model: model.name, reason: 'gpu' }, dropped));
  return ok(generation(gate, ending, request.logprobs === true ? pipeline.logprobs : null));
}

/** Null when it is only the stop that was asked for. */
async function problemOf(
  thrown: unknown,
  stop: AbortSignal,
  { watch, model }: LoadedWebLlm,
): Promise<WitanFailure | null> {
  if (thrown instanceof DeviceGone) return thrown.problem;
  if (thrown instanceof PrefillStopped) return null;
  await watch.settled();
  if (watch.fate !== null) return failure(watch.fate, { model: model.name });
  const mapped = webLlmFailure(thrown, model.name);
  return stop.aborted && mapped.code !== 'device-lost' ? null : mapped;
}

function take(chunk: ChatCompletionChunk, gate: DecodeGate, counted: number | null, ending: Ending): void {
  if (chunk.usage !== undefined) ending.usage = chunk.usage;
  const choice = chunk.choices[0];
  if (choice === undefined) return;
  if (choice.finish_reason === 'length') ending.finish = 'length';
  if (choice.finish_reason === 'abort') ending.finish = 'cancelled';
  const text = choice.delta.content;
  if (typeof text !== 'string' || text === '') return;
  // web-llm holds back tokens that end inside a character: they count, and their text comes with the last of them.
  while (gate.tokens + 1 < (counted ?? 0)) gate.onToken('');
  gate.onToken(text);
}

function generation(
  gate: DecodeGate,
  { finish, usage }: Ending,
  logprobs: Generation['logprobs'] | null,
): Generation {
  const prefillSpeed = usage?.extra.prefill_tokens_per_s ?? 0;
  return {
    text: gate.text,
    finish,
    promptTokens: usage?.prompt_tokens ?? 0,
    // web-llm up to 0.2.79 leaves out the token that the prefill gave.
    completionTokens: Math.max(usage?.completion_tokens ?? 0, gate.tokens),
    timeToFirstTokenMs: gate.timeToFirstTokenMs,
    prefillTokensPerSecond: Number.isFinite(prefillSpeed) && prefillSpeed > 0 ? prefillSpeed : null,
    decodeTokensPerSecond: gate.decodeTokensPerSecond,
    durationMs: gate.elapsedMs,
    ...(logprobs === null || logprobs === undefined ? {} : { logprobs }),
  };
}
