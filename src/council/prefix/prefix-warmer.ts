import type { Clock } from '#kernel/clock';
import type { Engine, GenerateRequest, Generation } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { IdlePort } from '#contracts/idle';
import type { MetricWriter } from '#contracts/metrics';
import { isRead, type LastRead, type Prefix } from './likely-prefixes.ts';

export interface PrefixWarmerPorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly idle: IdlePort;
  /** Runs a task if nothing that somebody waits for runs; its signal aborts as soon as something wants to. */
  readonly spare: (task: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

export interface PrefixCounts {
  /** Questions whose engine told how much of the prompt it had in its cache. */
  readonly told: number;
  /** Questions whose engine does not tell: web-llm, the browser's model, most servers. */
  readonly untold: number;
  /** Questions that found part of their prompt in the cache. */
  readonly hits: number;
  /** Tokens of prompts that were in the cache, and that were not. */
  readonly reusedTokens: number;
  readonly readTokens: number;
  /** Prefixes read ahead to their end, and their tokens. */
  readonly warmed: number;
  readonly warmedTokens: number;
  /** Readings that a question cut short: what was read stays in the cache. */
  readonly interrupted: number;
  /** Readings that failed. */
  readonly failed: number;
  /** Times that it was not the moment: page hidden, device busy or on its battery. */
  readonly deferred: number;
}

/** A user who goes on at once is not in the way: between two questions of a script lie a few milliseconds. */
const SETTLE_MS = 500;
/** One rest reads no longer than this: what is likely may turn out otherwise, and heat is not free. */
const REST_BUDGET_MS = 30_000;

/**
 * Has engines read what will stand before the next question, while nobody asks. Only wllama (llama.cpp) is asked to: its
 * server core keeps the keys and values of a slot's last prompt and reads on from where the next one differs. web-llm keeps
 * them only for the exact continuation of its own last answer, and takes a reading ahead for a turn of the conversation; the
 * browser's model and servers do not say, and a server's time is not ours to spend.
 *
 * Each member has one prefix that is likely, and it is read once. What the engine reads of other prompts meanwhile may push
 * it out; llama.cpp keeps some older prompts in a second store, so that reading one of them again costs next to nothing.
 */
export class PrefixWarmer {
  readonly #ports: PrefixWarmerPorts;
  readonly #engines = new Map<string, Engine>();
  readonly #last = new Map<string, LastRead>();
  #likely: ReadonlyMap<string, Prefix> = new Map();
  #asking = 0;
  #rest: AbortController | null = null;
  #counts = {
    told: 0,
    untold: 0,
    hits: 0,
    reusedTokens: 0,
    readTokens: 0,
    warmed: 0,
    warmedTokens: 0,
    interrupted: 0,
    failed: 0,
    deferred: 0,
  };

  constructor(ports: PrefixWarmerPorts) {
    this.#ports = ports;
  }

  get counts(): PrefixCounts {
    return { ...this.#counts };
  }

  /**
   * The same engine, watched: a question ends all reading ahead at once, and what it finds in the cache is counted.
   */
  watch(memberId: string, engine: Engine): Engine {
    if (this.#engines.get(memberId) !== engine) this.forget(memberId);
    this.#engines.set(memberId, engine);
    return {
      get kind() {
        return engine.kind;
      },
      load: (signal, options, onProgress) => engine.load(signal, options, onProgress),
      setPacing: (pacing) => {
        engine.setPacing(pacing);
      },
      unload: () => {
        this.forget(memberId, engine);
        return engine.unload();
      },
      generate: async (signal, request, onChunk) => {
        this.pause();
        this.#asking += 1;
        try {
          const answered = await engine.generate(signal, request, onChunk);
          this.#note(memberId, request, answered);
          return answered;
        } finally {
          this.#asking -= 1;
          this.resume();
        }
      },
    };
  }

  /** What will likely stand before the next question, by member; replaces what was likely before. */
  expect(prefixes: ReadonlyMap<string, Prefix>): void {
    this.#likely = prefixes;
    this.pause();
    this.resume();
  }

  /**
   * Its engine is gone, or has another model now: nothing of it is in any cache.
   * @param engine the one that is meant, where its successor may be there already
   */
  forget(memberId: string, engine = this.#engines.get(memberId)): void {
    if (this.#engines.get(memberId) !== engine) return;
    this.#engines.delete(memberId);
    this.#last.delete(memberId);
  }

  /** Ends all reading ahead, at once: with the step of the engine that runs. A question, also one that is still loading. */
  pause(): void {
    this.#rest?.abort();
    this.#rest = null;
  }

  /** Reads ahead as soon as it is the moment. */
  resume(): void {
    if (this.#asking > 0 || this.#rest !== null || this.#cold().length === 0) return;
    const rest = new AbortController();
    this.#rest = rest;
    const cancel = this.#ports.clock.after(SETTLE_MS, () => {
      const read = this.#ports.spare((turn) => {
        turn.addEventListener('abort', () => {
          rest.abort();
        });
        return this.#warmAll(rest.signal);
      });
      void read.finally(() => {
        if (this.#rest === rest) this.#rest = null;
      });
    });
    rest.signal.addEventListener('abort', cancel, { once: true });
  }

  /** Members whose likely prefix is not what their engine has read. */
  #cold(): readonly { readonly memberId: string; readonly engine: Engine; readonly prefix: Prefix }[] {
    return [...this.#likely].flatMap(([memberId, prefix]) => {
      const engine = this.#engines.get(memberId);
      const wanted = engine?.kind === 'wllama' && !isRead(prefix, this.#last.get(memberId));
      return wanted ? [{ memberId, engine, prefix }] : [];
    });
  }

  async #warmAll(signal: AbortSignal): Promise<void> {
    const { clock, idle } = this.#ports;
    const startedMs = clock.nowMs();
    for (const { memberId, engine, prefix } of this.#cold()) {
      await idle.idle(signal);
      if (signal.aborted || clock.nowMs() - startedMs > REST_BUDGET_MS) return;
      if ((await idle.reluctance()) !== null) {
        this.#counts.deferred += 1;
        return;
      }
      if (signal.aborted) return;
      await this.#warm(signal, memberId, engine, prefix);
    }
  }

  async #warm(signal: AbortSignal, memberId: string, engine: Engine, prefix: Prefix): Promise<void> {
    // The fewest tokens that an engine decodes is one; an empty question, so that all before it is as it will be.
    const request: GenerateRequest = {
      ...prefix,
      prompt: '',
      maxTokens: 1,
      temperature: 0,
      seed: 1,
      cachePrompt: true,
    };
    const read = await engine.generate(signal, request, () => undefined);
    if (!read.ok) {
      this.#counts.failed += 1;
      // Tried once: what fails now fails again, until something else is likely or was asked.
      this.#last.set(memberId, { ...prefix, exchange: null });
      return;
    }
    if (read.value.finish === 'cancelled') {
      this.#counts.interrupted += 1;
      return;
    }
    this.#counts.warmed += 1;
    const tokens = read.value.promptTokens - (read.value.cachedPromptTokens ?? 0);
    this.#counts.warmedTokens += tokens;
    this.#ports.metrics.add('prefixTokensAhead', tokens);
    this.#last.set(memberId, { ...prefix, exchange: null });
  }

  #note(memberId: string, { system, history, prompt }: GenerateRequest, answered: Outcome<Generation>): void {
    if (!answered.ok) {
      this.#last.delete(memberId);
      return;
    }
    const { text, promptTokens, cachedPromptTokens } = answered.value;
    this.#last.set(memberId, {
      ...(system === undefined ? {} : { system }),
      ...(history === undefined ? {} : { history }),
      exchange: { prompt, answer: text },
    });
    if (cachedPromptTokens === undefined) {
      this.#counts.untold += 1;
      return;
    }
    const readTokens = Math.max(0, promptTokens - cachedPromptTokens);
    this.#counts.told += 1;
    this.#counts.hits += cachedPromptTokens > 0 ? 1 : 0;
    this.#counts.reusedTokens += cachedPromptTokens;
    this.#counts.readTokens += readTokens;
    this.#ports.metrics.add('prefixTokensReused', cachedPromptTokens);
    this.#ports.metrics.add('prefixTokensRead', readTokens);
  }
}
