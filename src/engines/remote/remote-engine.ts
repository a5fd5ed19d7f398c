import type { Random } from '#kernel/random';
import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import {
  FULL_SPEED,
  type Engine,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type Pacing,
  type RemoteSource,
  type TokenChunk,
} from '#contracts/engine';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { RemoteModel, RemoteTimes } from '#contracts/remote';
import { AnswerCollector } from './answer-collector.ts';
import { NO_HOLD, type Hold } from './answer-stream.ts';
import { askOnce } from './chat-exchange.ts';
import { EndpointPool } from './endpoint-pool.ts';
import type { EndpointState } from './endpoint-state.ts';
import { askInTurn } from './failover.ts';
import { mostTelling, RETRY_POLICY, type RetryPolicy } from './fault-policy.ts';
import type { Exchange } from './http-exchange.ts';
import { findModel } from './model-list.ts';
import { checkServer } from './server-check.ts';
import { conversationKey } from './session-affinity.ts';

/** A queue and a long prompt on a slow machine take their time; between two tokens 20 s are a stall anywhere. */
export const REMOTE_TIMES: RemoteTimes = { healthMs: 8_000, firstTokenMs: 60_000, tokenGapMs: 20_000 };

export interface RemoteServices extends Exchange {
  readonly random: Random;
  readonly times?: RemoteTimes;
  readonly retries?: RetryPolicy;
}

/** What is known of a server that was found well. */
interface Found {
  readonly state: EndpointState;
  /** Null when the server has no model list. */
  readonly listed: RemoteModel | null;
}

/**
 * A model on one or several servers that speak OpenAI's chat protocol (vLLM, llama.cpp, Ollama, LM Studio, SGLang).
 * What a request may ask of which server is in `chat-request.ts`; a grammar is left out where a server takes none.
 * It uses `fetch` and nothing of a page, so that it can live where the content policy lets it reach its servers: in a
 * worker.
 */
export class RemoteEngine implements Engine {
  readonly kind = 'remote';
  readonly #states: readonly EndpointState[];
  readonly #services: RemoteServices;
  readonly #times: RemoteTimes;
  readonly #policy: RetryPolicy;
  #pacing: Pacing = FULL_SPEED;
  #model: RemoteSource | null = null;
  #pool = new EndpointPool([]);
  #slots = new Semaphore(1);
  #life = new AbortController();

  /** @param states the member's servers in the order of preference, shared with other members that use them */
  constructor(states: readonly EndpointState[], services: RemoteServices) {
    this.#states = states;
    this.#services = services;
    this.#times = services.times ?? REMOTE_TIMES;
    this.#policy = services.retries ?? RETRY_POLICY;
  }

  /**
   * Asks every server whether it is well and has the model; one is enough. Those that are well without the model, or
   * refuse the key, are left out; those that cannot be reached now may come back later.
   * Errors: remote-*, request-unsupported, cancelled.
   */
  async load(signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>> {
    const { model } = options;
    if (model.format !== 'remote') {
      return err(failure('request-unsupported', { model: model.name, reason: model.format }));
    }
    await this.unload();
    this.#life = new AbortController();
    const stop = AbortSignal.any([signal, this.#life.signal]);
    const startedMs = this.#services.clock.nowMs();
    const found = await Promise.all(this.#states.map((state) => this.#find(stop, state, model)));
    if (stop.aborted) return err(failure('cancelled', { model: model.name }));
    const well = found.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
    const first = well[0];
    const problems = found.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
    if (first === undefined) return err(mostTelling(problems) ?? noServer(model));
    this.#pool = new EndpointPool(this.#states.filter((_, index) => !isUnfit(found[index])));
    this.#model = model;
    this.#slots = new Semaphore(options.slots);
    // A question has to fit wherever it is sent.
    const contexts = well.flatMap(({ listed }) => listed?.contextTokens ?? []);
    return ok({
      modelId: model.id,
      backend: 'remote',
      threads: 0,
      contextTokens: contexts.length === 0 ? options.contextTokens : Math.min(...contexts),
      vocabularySize: first.listed?.vocabularySize ?? 0,
      weightBytes: 0,
      loadMs: this.#services.clock.nowMs() - startedMs,
    });
  }

  /** @param hold asked after each token; the stream is read on when it resolves, at once unless given */
  async generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
    _onWait?: unknown,
    hold: Hold = NO_HOLD,
  ): Promise<Outcome<Generation>> {
    const { clock, random } = this.#services;
    const pacing = (): Pacing => this.#pacing;
    const collector = new AnswerCollector(clock, pacing, onChunk);
    const model = this.#model;
    if (model === null) return err(failure('engine-failed', { reason: 'no-model' }));
    const stop = AbortSignal.any([signal, this.#life.signal]);
    const release = await this.#slots.acquire(stop);
    if (release === null) return ok(collector.generation('cancelled'));
    try {
      const times = this.#times;
      const chat = { name: model.name, model: model.model, request, collector, pacing, hold, times };
      const failover = { pool: this.#pool, policy: this.#policy, clock, random, model: model.name };
      const answered = await askInTurn(stop, conversationKey(request), failover, (state) =>
        askOnce(stop, state, this.#services, chat),
      );
      collector.flush();
      if (answered.ok || answered.error.code !== 'cancelled') return answered;
      return ok(collector.generation('cancelled'));
    } catch (thrown) {
      return err(this.#services.keys.scrub(failureOf(thrown))); // a listener that throws must not leave us unsettled
    } finally {
      collector.close();
      release();
    }
  }

  setPacing(pacing: Pacing): void {
    this.#pacing = pacing;
  }

  /** Stops what is under way. The servers keep their models: they are not ours. */
  unload(): Promise<void> {
    this.#life.abort();
    this.#model = null;
    return Promise.resolve();
  }

  async #find(stop: AbortSignal, state: EndpointState, model: RemoteSource): Promise<Outcome<Found>> {
    const { clock, random } = this.#services;
    const failover = {
      pool: new EndpointPool([state]),
      policy: this.#policy,
      clock,
      random,
      model: model.name,
    };
    const check = (): ReturnType<typeof checkServer> =>
      checkServer(stop, state, this.#services, model.name, this.#times.healthMs);
    // Somebody wants this member now: an open breaker is no reason not to look.
    const checked =
      state.breaker.state === 'open'
        ? await check()
        : await askInTurn(stop, '', failover, async () => ({ outcome: await check(), begun: false }));
    if (!checked.ok) return checked;
    if (checked.value === null) return ok({ state, listed: null });
    const listed = findModel(checked.value, model.model);
    if (listed !== null) return ok({ state, listed });
    const about = { model: model.name, endpoint: state.endpoint.label };
    return err(failure('remote-refused', { ...about, status: 404, reason: 'model' }));
  }
}

function isUnfit(found: Outcome<Found> | undefined): boolean {
  return found?.ok === false && found.error.code === 'remote-refused';
}

function noServer(model: RemoteSource): WitanFailure {
  return failure('remote-unreachable', { model: model.name, endpoint: '', reason: 'no-server' });
}
