import { seededRandom, type Random } from '#kernel/random';
import { PRIORITIES } from '../../src/council/orchestrator/aging.ts';
import {
  fastestMeasured,
  leastOutstandingTokens,
  roundRobin,
} from '../../src/council/orchestrator/balancing-policies.ts';
import { PrefixAffinity } from '../../src/council/orchestrator/prefix-affinity.ts';
import { LeaseLedger } from '../../src/resources/lease-ledger.ts';
import { ok } from '#kernel/result';
import { delay } from '#kernel/clock';
import type { Decoding } from './decoding-engine.ts';
import { OrchestratorRig, type Submitted } from './orchestrator-rig.ts';
import { turn } from './turn.ts';

/** Longest decode step of any engine in the simulation, ms. */
export const LONGEST_STEP_MS = 40;
const QUEUE_LIMIT = 12;
const MEMORY_BYTES = 100;
const THREADS = 4;
const PATIENCE = { firstTokenMs: 600, tokenGapMs: 250, stopMs: 300 };

/** What became of the rounds of one world. */
export interface SimulatedRounds {
  readonly rounds: number;
  readonly requests: number;
  readonly answered: number;
  readonly cancelled: number;
  /** By error code. */
  readonly failed: ReadonlyMap<string, number>;
  readonly failedOver: number;
  readonly stolen: number;
  readonly modelSwitches: number;
  readonly stuck: number;
  /** Of each round that ran to its hard deadline, and each request that did: how late it ended, ms. */
  readonly latenessMs: readonly number[];
  readonly violations: readonly string[];
}

interface Request {
  readonly id: string;
  readonly submitted: Submitted;
  readonly submittedMs: number;
  readonly deadlineMs: number | null;
  cancelledMs: number | null;
}

class World {
  readonly violations: string[] = [];
  readonly latenessMs: number[] = [];
  readonly requests: Request[] = [];
  readonly rig: OrchestratorRig;
  readonly #random: Random;
  readonly #models: string[] = [];
  readonly #slots = new Map<string, number>();
  readonly #ledger: LeaseLedger;
  #openRounds = 0;

  constructor(seed: number) {
    const random = seededRandom(seed);
    this.#random = random;
    let ledger: LeaseLedger | null = null;
    const options = {
      queueLimit: QUEUE_LIMIT,
      ageStepMs: 300,
      turnMs: 500,
      patience: PATIENCE,
      ...(random() < 0.3 ? { limits: { tokens: { perSecond: 400, burst: 200 } } } : {}),
    };
    this.rig = new OrchestratorRig(options, (clock) => {
      ledger = new LeaseLedger(clock, {
        memoryBytes: { card: MEMORY_BYTES, processor: MEMORY_BYTES },
        cards: 1,
        threads: THREADS,
      });
      return ledger;
    });
    if (ledger === null) throw new Error('no ledger');
    this.#ledger = ledger;
    const models = this.#between(2, 5);
    for (let model = 0; model < models; model += 1) this.#addModel(`m${String(model)}`);
  }

  async play(rounds: number): Promise<SimulatedRounds> {
    for (let round = 0; round < rounds; round += 1) {
      this.#startRound(round);
      await this.#pass(this.#between(0, 900));
    }
    // Everything comes to an end by itself: what has no deadline by being answered or given up.
    for (let waited = 0; waited < 600 && !this.#isOver(); waited += 1) await this.#pass(1_000);
    if (!this.#isOver()) this.#broken('some requests never end');
    for (const { waiting, replicas } of this.rig.orchestrator.status())
      if (waiting > 0 || replicas.some(({ running }) => running > 0)) this.#broken('something is left over');
    const { cards, threads, turnsWaiting } = this.#ledger.account;
    if (cards + threads + turnsWaiting > 0) this.#broken('a turn is left over');
    this.rig.orchestrator.close();
    await this.#pass(10_000);
    if (this.#ledger.account.memoryBytes.processor > 0) this.#broken('memory is left over');
    if (this.rig.clock.pending > 0) this.#broken('a timer is left over');
    for (const request of this.requests) this.#judge(request);
    return this.#report(rounds);
  }

  #addModel(id: string): void {
    const random = this.#random;
    const place = random();
    // More threads than there are is what a model loaded elsewhere may have.
    const threads = { of: 'processor', units: this.#between(1, THREADS + 1) } as const;
    const compute = place < 0.3 ? ({ of: 'card', units: 1 } as const) : place < 0.6 ? threads : null;
    const inMemory = random() < 0.6;
    const replicas = Array.from({ length: this.#between(1, 3) }, (_, index) => {
      const replicaId = `${id}r${String(index)}`;
      const slots = this.#between(1, 3);
      this.#slots.set(replicaId, slots);
      let downUntilMs = -1;
      const script = (): Decoding => {
        if (random() < 0.03) downUntilMs = this.rig.clock.nowMs() + this.#between(0, 4_000);
        return this.#decoding(this.rig.clock.nowMs() < downUntilMs);
      };
      return this.rig.replica(replicaId, script, { slots, ...(compute === null ? {} : { compute }) });
    });
    const least = leastOutstandingTokens();
    const policy = this.#pick([roundRobin(), least, fastestMeasured(), new PrefixAffinity(least)]);
    const bytes = this.#between(20, 90);
    const memory = {
      terms: [
        { memoryBytes: bytes, replicas: 3, slots: 3, contextTokens: 2048 },
        { memoryBytes: Math.ceil(bytes / 2), replicas: 2, slots: 1, contextTokens: 1024 },
      ],
      open: async () => {
        await delay(this.rig.clock, this.#between(5, 100));
        return ok(null);
      },
      close: () => delay(this.rig.clock, this.#between(0, 50)),
    };
    const limits = { requests: { perSecond: 5, burst: 3 } };
    this.rig.add(id, replicas, {
      policy,
      ...(inMemory ? { memory } : {}),
      ...(random() < 0.2 ? { limits } : {}),
    });
    this.#models.push(id);
  }

  #decoding(isDown: boolean): Decoding {
    const random = this.#random;
    const tokens = this.#between(1, 8);
    const stopsLate = random();
    const usual: Decoding = {
      firstTokenMs: this.#between(2, 150),
      stepMs: this.#between(2, LONGEST_STEP_MS),
      tokens,
      // Some take their time to stop, some so long that they count as stuck.
      stopMs: stopsLate < 0.05 ? this.#between(310, 3_000) : stopsLate < 0.2 ? this.#between(1, 200) : 0,
    };
    const code = this.#pick(['worker-lost', 'engine-failed', 'device-lost', 'context-exceeded'] as const);
    if (isDown) return { ...usual, fails: { code: 'worker-lost', afterTokens: 0 } };
    const fate = random();
    if (fate < 0.06) return { ...usual, fails: { code, afterTokens: 0 } };
    if (fate < 0.12) return { ...usual, fails: { code, afterTokens: this.#between(0, tokens) } };
    if (fate < 0.15) return { ...usual, stallsAfterTokens: 0 };
    if (fate < 0.18) return { ...usual, stallsAfterTokens: this.#between(0, tokens) };
    if (fate < 0.2) return { ...usual, throws: true };
    return usual;
  }

  #startRound(round: number): void {
    const { clock } = this.rig;
    const members = Array.from({ length: this.#between(1, 4) }, (_, seat) => ({
      id: `q${String(round)}s${String(seat)}`,
      model: this.#pick(this.#models),
    }));
    const hardDeadlineMs = this.#between(50, 3_000);
    const startedMs = clock.nowMs();
    let left = members.length;
    let over = false;
    const requests = members.map(({ id, model }) => {
      const deadlineMs = this.#random() < 0.8 ? hardDeadlineMs : null;
      const submitted = this.rig.submit(model, id, {
        priority: this.#pick(PRIORITIES),
        ...(deadlineMs === null ? {} : { deadlineMs }),
        generate: { system: 's'.repeat(this.#between(0, 2) * 70), maxTokens: this.#between(1, 40) },
        onSettled: () => {
          left -= 1;
          if (left === 0) end();
        },
      });
      const request: Request = { id, submitted, submittedMs: startedMs, deadlineMs, cancelledMs: null };
      if (this.#random() < 0.12) {
        const cancel = () => {
          if (submitted.outcome !== null) return;
          request.cancelledMs = clock.nowMs();
          submitted.abort.abort();
        };
        if (this.#random() < 0.2) cancel();
        else clock.after(this.#between(0, hardDeadlineMs), cancel);
      }
      this.requests.push(request);
      return request;
    });
    this.#openRounds += 1;
    const end = (): void => {
      if (over) return;
      over = true;
      cancelHard();
      this.#openRounds -= 1;
    };
    const cancelHard = clock.after(hardDeadlineMs, () => {
      end();
      if (this.#random() < 0.5) return;
      for (const request of requests) {
        if (request.submitted.outcome !== null || request.cancelledMs !== null) continue;
        request.cancelledMs = clock.nowMs();
        request.submitted.abort.abort();
      }
    });
  }

  #judge({ id, submitted, submittedMs, deadlineMs, cancelledMs }: Request): void {
    const { outcome, chunks, settledMs, settlements } = submitted;
    if (outcome === null || settledMs === null || settlements !== 1) {
      this.#broken(`${id} settled ${String(settlements)} times`);
      return;
    }
    const heard = chunks.map(({ text }) => text).join('');
    const expected = chunks.map((_, index) => `${id}.${String(index + 1)} `).join('');
    if (heard !== expected) this.#broken(`${id} heard ${heard}`);
    if (outcome.ok && outcome.value.text !== heard) this.#broken(`${id} was told another text than it heard`);
    const calls = [...this.rig.engines.values()].flatMap((engine) =>
      engine.calls.filter(({ request }) => request.prompt === id),
    );
    if (calls.length > 2) this.#broken(`${id} was asked ${String(calls.length)} times`);
    if (submitted.starts.length !== calls.length) this.#broken(`${id} was not told of each start`);
    if (new Set(submitted.starts).size !== calls.length) this.#broken(`${id} was asked twice at one replica`);
    if (calls.some(({ ended, signal }) => !ended && !signal.aborted))
      this.#broken(`${id} is still worked on`);
    if (calls.length === 0 && outcome.ok) this.#broken(`${id} was answered by nobody`);
    if (deadlineMs !== null) {
      const lateMs = settledMs - submittedMs - deadlineMs;
      if (!outcome.ok && outcome.error.code === 'deadline-exceeded') {
        this.latenessMs.push(lateMs);
        if (lateMs < 0) this.#broken(`${id} was ended before its time`);
      }
      if (lateMs > LONGEST_STEP_MS + 100) this.#broken(`${id} overran its deadline by ${String(lateMs)} ms`);
    }
    if (cancelledMs !== null && settledMs !== cancelledMs) this.#broken(`${id} was not stopped at once`);
    const wasStopped = outcome.ok ? outcome.value.finish === 'cancelled' : outcome.error.code === 'cancelled';
    // Stopped in the moment in which it ended otherwise, it may have ended otherwise.
    if (wasStopped && cancelledMs === null) this.#broken(`${id} was stopped by nobody`);
  }

  /** Moves on from timer to timer, and looks at what must hold at every moment. */
  async #pass(ms: number): Promise<void> {
    const { clock } = this.rig;
    const endMs = clock.nowMs() + ms;
    await turn();
    for (let dueMs = clock.nextDueMs; dueMs <= endMs; dueMs = clock.nextDueMs) {
      clock.advance(dueMs - clock.nowMs());
      await turn();
      this.#look();
    }
    clock.advance(endMs - clock.nowMs());
  }

  #look(): void {
    const { account } = this.#ledger;
    if (account.memoryBytes.processor > MEMORY_BYTES) this.#broken('more memory given out than there is');
    if (account.cards > 1) this.#broken('two at the graphics card');
    if (account.threads > THREADS) this.#broken('more threads at work than there are');
    for (const [id, engine] of this.rig.engines)
      if (engine.running > (this.#slots.get(id) ?? 0)) this.#broken(`${id} runs more than it has slots`);
    const waiting = this.rig.orchestrator.status().reduce((sum, model) => sum + model.waiting, 0);
    // What was begun and is asked again comes on top: as many as there are slots.
    const slots = [...this.#slots.values()].reduce((sum, each) => sum + each, 0);
    if (waiting > QUEUE_LIMIT + slots) this.#broken('the queue is too long');
  }

  #isOver(): boolean {
    return (
      this.#openRounds === 0 &&
      this.requests.every(({ submitted }) => submitted.outcome !== null) &&
      this.#isIdle()
    );
  }

  #isIdle(): boolean {
    return [...this.rig.engines.values()].every(({ running }) => running === 0);
  }

  #broken(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  #report(rounds: number): SimulatedRounds {
    const failed = new Map<string, number>();
    let answered = 0;
    let cancelled = 0;
    for (const { submitted } of this.requests) {
      const { outcome } = submitted;
      if (outcome?.ok === true && outcome.value.finish === 'stop') answered += 1;
      else if (outcome?.ok === true || outcome?.error.code === 'cancelled') cancelled += 1;
      else if (outcome !== null) failed.set(outcome.error.code, (failed.get(outcome.error.code) ?? 0) + 1);
    }
    const count = (type: string): number => this.rig.events.filter((event) => event.type === type).length;
    return {
      rounds,
      requests: this.requests.length,
      answered,
      cancelled,
      failed,
      failedOver: count('failed-over'),
      stolen: count('stolen'),
      modelSwitches: count('model-in'),
      stuck: count('stuck'),
      latenessMs: this.latenessMs,
      violations: [...this.violations, ...this.rig.violations],
    };
  }

  #between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  #pick<T>(choices: readonly T[]): T {
    const choice = choices[this.#between(0, choices.length - 1)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}

/** A council of random models on a virtual clock, in which everything goes wrong that can. Equal seeds play the same. */
export function simulateRounds(seed: number, rounds: number): Promise<SimulatedRounds> {
  return new World(seed).play(rounds);
}
