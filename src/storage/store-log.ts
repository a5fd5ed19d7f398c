import * as v from 'valibot';
import type { Clock } from '#kernel/clock';
import type { WitanFailure } from '#contracts/errors';
import {
  PersistenceAnswerSchema,
  STORE_TROUBLES,
  StoreTroubleSchema,
  type PersistenceAnswer,
  type StoreTrouble,
  type StoreWork,
} from '#contracts/store-health';

/** The part of `localStorage` used here. */
export interface LogStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = 'witan.store-log';
/** Enough to see a pattern, small enough to be written whole each time: some 10 KB. */
const TROUBLES_KEPT = 50;
const SPEEDS_KEPT = 20;
/** Speeds come four times a second. */
const SPEED_EVERY_MS = 5_000;

const LogSchema = v.object({
  schema: v.literal('witan.store-log'),
  version: v.literal(1),
  persistence: v.nullable(PersistenceAnswerSchema),
  troubles: v.array(StoreTroubleSchema),
  speeds: v.array(
    v.object({ modelId: v.string(), bytesPerSecond: v.pipe(v.number(), v.minValue(0)), atMs: v.number() }),
  ),
});
type Log = v.InferOutput<typeof LogSchema>;

const EMPTY: Log = { schema: 'witan.store-log', version: 1, persistence: null, troubles: [], speeds: [] };

/**
 * What is to be remembered of the model store when the store itself cannot be relied on: what went wrong and what ended it,
 * what the browser said about persistence, and how fast downloads were. In `localStorage`, because that is another
 * database than the one that may be broken or full, and has written before the call returns, so that a tab that dies
 * loses nothing. Best effort: where nothing can be kept, it is of this visit.
 */
export class StoreLog {
  readonly #clock: Clock;
  #store: LogStore | null;
  /** What is true where the store keeps nothing. */
  #last: Log = EMPTY;
  readonly #speedSaidMs = new Map<string, number>();

  /** @param store null where the page may not store anything */
  constructor(clock: Clock, store: LogStore | null) {
    this.#clock = clock;
    this.#store = store;
  }

  get troubles(): readonly StoreTrouble[] {
    return this.#read().troubles;
  }

  get persistence(): PersistenceAnswer | null {
    return this.#read().persistence;
  }

  /** Bytes a second of the model's last download. */
  speed(modelId: string): number | null {
    return this.#read().speeds.find((speed) => speed.modelId === modelId)?.bytesPerSecond ?? null;
  }

  /** Failures that say nothing of the store are left out. */
  failed(doing: StoreWork, modelId: string | null, problem: WitanFailure): void {
    const code = STORE_TROUBLES.find((known) => known === problem.code);
    if (code === undefined) return;
    const given = problem.details['reason'];
    const reason = typeof given === 'string' ? given : null;
    const atMs = this.#clock.epochMs();
    this.#change((log) => {
      const same = log.troubles.find(
        (trouble) =>
          trouble.healedAtMs === null &&
          trouble.doing === doing &&
          trouble.modelId === modelId &&
          trouble.code === code &&
          trouble.reason === reason,
      );
      const times = (same?.times ?? 0) + 1;
      const firstAtMs = same?.firstAtMs ?? atMs;
      const open = { healedAtMs: null, healedBy: null };
      const trouble = { firstAtMs, lastAtMs: atMs, times, doing, modelId, code, reason, ...open };
      const others = log.troubles.filter((other) => other !== same);
      return { ...log, troubles: [...others, trouble].slice(-TROUBLES_KEPT) };
    });
  }

  /**
   * Something went well, so what stood in its way is over: trouble with the store as a whole, and trouble with the model where
   * it is whole now, or gone.
   * @param modelId null: nothing was shown about any model
   */
  succeeded(doing: StoreWork, modelId: string | null): void {
    const over = (trouble: StoreTrouble): boolean =>
      trouble.healedAtMs === null && (trouble.modelId === null || trouble.modelId === modelId);
    if (!this.#read().troubles.some(over)) return;
    const healedAtMs = this.#clock.epochMs();
    this.#change((log) => ({
      ...log,
      troubles: log.troubles.map((trouble) =>
        over(trouble) ? { ...trouble, healedAtMs, healedBy: doing } : trouble,
      ),
    }));
  }

  asked(answer: boolean | null): void {
    this.#change((log) => ({ ...log, persistence: { askedAtMs: this.#clock.epochMs(), answer } }));
  }

  /** Kept every few seconds, so that it is there when the tab dies. */
  downloading(modelId: string, bytesPerSecond: number): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - (this.#speedSaidMs.get(modelId) ?? Number.NEGATIVE_INFINITY) < SPEED_EVERY_MS) return;
    this.#speedSaidMs.set(modelId, nowMs);
    const speed = { modelId, bytesPerSecond, atMs: this.#clock.epochMs() };
    this.#change((log) => {
      const others = log.speeds.filter((other) => other.modelId !== modelId);
      return { ...log, speeds: [...others, speed].slice(-SPEEDS_KEPT) };
    });
  }

  /** Anew each time: other tabs write it too. */
  #read(): Log {
    try {
      const text = this.#store?.getItem(KEY) ?? null;
      if (text === null) return this.#last;
      const parsed = v.safeParse(LogSchema, JSON.parse(text));
      return parsed.success ? parsed.output : this.#last;
    } catch {
      return this.#last;
    }
  }

  #change(change: (log: Log) => Log): void {
    this.#last = change(this.#read());
    try {
      if (!this.#foreign()) this.#store?.setItem(KEY, JSON.stringify(this.#last));
    } catch {
      this.#store = null; // full or closed: then it is remembered as long as the page lives
    }
  }

  /** A newer version of the app keeps it in another form: that stays. */
  #foreign(): boolean {
    try {
      const kept: unknown = JSON.parse(this.#store?.getItem(KEY) ?? 'null');
      const version: unknown =
        typeof kept === 'object' && kept !== null ? Reflect.get(kept, 'version') : null;
      return typeof version === 'number' && version !== 1;
    } catch {
      return false;
    }
  }
}
