import type { Pacing } from '#contracts/engine';
import type { Decision, Lever, QualityView } from '#contracts/decision';
import { FlipLimiter } from './flip-limiter.ts';
import { leverValue, PACING_LADDER, type LadderStep } from './pacing-ladder.ts';

/** Weight of the past in the smoothed frame interval (Unreal's dynamic resolution): a memory of about ten frames. */
const SMOOTHING = 0.9;
/** Frames judged as one. An answer of the bundled council lasts about 30 frames: a slower eye would never act. */
const WINDOW_FRAMES = 8;
/** Frames after a change before its effect is judged (Unreal: 8). */
const SETTLE_FRAMES = 8;
/** Down after 2 bad windows, up after 8 good ones: going wrong costs more than staying low a second (Unity: 8 to 4). */
const BAD_WINDOWS = 2;
const GOOD_WINDOWS = 8;
/**
 * The dead band, in refresh intervals. Frames last whole refreshes, so a mean of 1.05 is one doubled frame in twenty:
 * the 95th percentile is just within budget. At 1.1 it is one in ten, and the 95th percentile is a doubled frame.
 */
const GOOD_RATIO = 1.05;
const BAD_RATIO = 1.1;
/** Unreal's panic path: this many frames in a row over 1.5 refreshes step down at once. */
const PANIC_FRAMES = 2;
const PANIC_RATIO = 1.5;
/** Frames before a change can be felt (message to the workers, token under way, paint): panic does not count them. */
const FELT_FRAMES = 3;
/** A single hitch (a navigation, a sleep) counts as this many refreshes at most, or it would weigh on for seconds. */
const RATIO_CAP = 4;
/**
 * How long a round's level is remembered. Rounds of the bundled council last a second: without a memory each would
 * spend itself finding out again what the one before knew.
 */
const RESUME_MS = 60_000;
const DECISIONS_KEPT = 50;

/** The state of the controller at the end of a round. */
interface RoundEnd {
  readonly level: number;
  readonly atMs: number;
  readonly ratio: number;
  readonly windowLeft: number;
  readonly good: number;
  readonly bad: number;
}

export interface QualityScalerOptions {
  readonly ladder?: readonly [LadderStep, ...LadderStep[]];
  readonly enabled?: boolean;
}

/**
 * Chooses a step of the quality ladder from frame intervals: smoothed interval over measured refresh interval, dead
 * band, settle time, panic path, slower up than down, and at most four reversals a minute before it stays low for a
 * minute. Pure: no clock, no randomness, no effects; the same frames give the same decisions.
 * Sources: Unreal dynamic resolution (smoothing, settle, panic), Unity HDRP (asymmetric windows), drei
 * PerformanceMonitor (flip-flop limit).
 */
export class QualityScaler {
  readonly #ladder: readonly [LadderStep, ...LadderStep[]];
  readonly #flips = new FlipLimiter();
  #enabled: boolean;
  #active = false;
  #level = 0;
  #ratio = 1;
  #budgetMs = 0;
  #atMs = 0;
  #settleLeft = 0;
  #windowLeft = WINDOW_FRAMES;
  #good = 0;
  #bad = 0;
  #overInARow = 0;
  /** Where the last round ended, and what it had found out. */
  #remembered: RoundEnd | null = null;
  #decisions: readonly Decision[] = [];

  constructor(options: QualityScalerOptions = {}) {
    this.#ladder = options.ladder ?? PACING_LADDER;
    this.#enabled = options.enabled ?? true;
  }

  /** 0 is full quality. */
  get level(): number {
    return this.#level;
  }

  get pacing(): Pacing {
    const { flushIntervalMs, decodeDelayMs } = this.#step(this.#level);
    return { flushIntervalMs, decodeDelayMs };
  }

  /** Whether members think. Only then do frames drive quality down; calm frames restore it at any time. */
  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    this.#forget();
  }

  /**
   * No member thinks: back to full quality, and no longer active. A decision per lever that moved. If members think
   * again within a minute, the first frames resume where this round ended, evidence included: rounds of the bundled
   * council last some fifteen frames, too few to learn anew each time.
   */
  onIdle(): readonly Decision[] {
    if (this.#active) {
      this.#remembered = {
        level: this.#level,
        atMs: this.#atMs,
        ratio: this.#ratio,
        windowLeft: this.#windowLeft,
        good: this.#good,
        bad: this.#bad,
      };
    }
    this.setActive(false);
    this.#flips.rest();
    return this.#jump('idle');
  }

  /** Off restores full quality. */
  setEnabled(enabled: boolean): readonly Decision[] {
    if (enabled === this.#enabled) return [];
    this.#enabled = enabled;
    this.#forget();
    return enabled ? [] : this.#jump('forced');
  }

  /**
   * Takes one painted frame.
   * @param budgetMs the measured refresh interval, @param atMs the frame's time on the page's clock
   * @returns what to change, or null; a decision whose levels are equal only reports that quality stays low
   */
  onFrame(intervalMs: number, budgetMs: number, atMs: number): Decision | null {
    if (!(intervalMs > 0) || !(budgetMs > 0)) return null;
    const ratio = Math.min(RATIO_CAP, intervalMs / budgetMs);
    this.#ratio = SMOOTHING * this.#ratio + (1 - SMOOTHING) * ratio;
    this.#budgetMs = budgetMs;
    this.#atMs = atMs;
    if (!this.#enabled) return null;
    const resumed = this.#resume();
    if (resumed !== null) return resumed;
    const felt = this.#settleLeft <= SETTLE_FRAMES - FELT_FRAMES;
    this.#overInARow = felt && ratio > PANIC_RATIO ? this.#overInARow + 1 : 0;
    if (this.#active && this.#overInARow >= PANIC_FRAMES && this.#canLower()) return this.#lower();
    if (this.#settleLeft > 0) {
      this.#settleLeft -= 1;
      return null;
    }
    this.#windowLeft -= 1;
    return this.#windowLeft > 0 ? null : this.#onWindow();
  }

  view(): QualityView {
    const step = this.#step(this.#level);
    return {
      enabled: this.#enabled,
      level: this.#level,
      levels: this.#ladder.length,
      label: step.label,
      flushIntervalMs: step.flushIntervalMs,
      decodeDelayMs: step.decodeDelayMs,
      frameMs: this.#ratio * this.#budgetMs,
      budgetMs: this.#budgetMs,
      decisions: this.#decisions,
    };
  }

  #onWindow(): Decision | null {
    this.#windowLeft = WINDOW_FRAMES;
    if (this.#ratio > BAD_RATIO) {
      this.#good = 0;
      this.#bad += 1;
    } else {
      this.#bad = 0;
      // In the dead band nothing is proved: the good windows must follow one another.
      this.#good = this.#ratio <= GOOD_RATIO ? this.#good + 1 : 0;
    }
    if (this.#active && this.#bad >= BAD_WINDOWS && this.#canLower()) return this.#lower();
    if (this.#good >= GOOD_WINDOWS && this.#level > 0) return this.#raise();
    return null;
  }

  #canLower(): boolean {
    return this.#level < this.#ladder.length - 1;
  }

  #lower(): Decision {
    this.#flips.moved('down', this.#atMs);
    return this.#moveTo(this.#level + 1, 'over-budget');
  }

  #raise(): Decision | null {
    const verdict = this.#flips.mayRaise(this.#atMs);
    if (verdict === 'frozen') {
      this.#good = 0;
      return null;
    }
    if (verdict === 'freeze') return this.#moveTo(this.#level, 'frozen-after-flip-flops');
    this.#flips.moved('up', this.#atMs);
    return this.#moveTo(this.#level - 1, 'recovered');
  }

  /** Back to the remembered level, one lever a frame, then on with the evidence of that round. */
  #resume(): Decision | null {
    const remembered = this.#remembered;
    if (!this.#active || remembered === null) return null;
    if (this.#atMs - remembered.atMs >= RESUME_MS) {
      this.#remembered = null;
      return null;
    }
    if (this.#level >= remembered.level) {
      this.#remembered = null;
      this.#settleLeft = 0; // this level has settled before
      this.#ratio = remembered.ratio;
      this.#windowLeft = remembered.windowLeft;
      this.#good = remembered.good;
      this.#bad = remembered.bad;
      return null;
    }
    let target = this.#level + 1;
    const lever = this.#leverBelow(target);
    while (target < remembered.level && this.#leverBelow(target + 1) === lever) target += 1;
    return this.#moveTo(target, 'resumed');
  }

  /** Straight to full quality: each lever that is not there moves by its own decision, the last one moved first. */
  #jump(reason: Decision['reason']): readonly Decision[] {
    const made: Decision[] = [];
    while (this.#level > 0) {
      const lever = this.#leverBelow(this.#level);
      let target = this.#level;
      while (target > 0 && this.#leverBelow(target) === lever) target -= 1;
      made.push(this.#moveTo(target, reason));
    }
    // What follows is another load, or none: there is no effect to wait for.
    this.#settleLeft = 0;
    return made;
  }

  #moveTo(level: number, reason: Decision['reason']): Decision {
    const lever = this.#leverBelow(Math.max(this.#level, level));
    const decision: Decision = {
      atMs: this.#atMs,
      lever,
      fromLevel: this.#level,
      toLevel: level,
      from: leverValue(this.#step(this.#level), lever),
      to: leverValue(this.#step(level), lever),
      reason,
      frameMs: this.#ratio * this.#budgetMs,
      budgetMs: this.#budgetMs,
    };
    this.#level = level;
    this.#settleLeft = SETTLE_FRAMES;
    this.#forget();
    this.#decisions = [...this.#decisions, decision].slice(-DECISIONS_KEPT);
    return decision;
  }

  /** The lever that tells step `level` from the one above it. */
  #leverBelow(level: number): Lever {
    const differs = this.#step(level).decodeDelayMs !== this.#step(Math.max(0, level - 1)).decodeDelayMs;
    return differs ? 'decode-pacing' : 'stream-flush';
  }

  #step(level: number): LadderStep {
    return this.#ladder[level] ?? this.#ladder[0];
  }

  /** Evidence gathered under other conditions proves nothing. */
  #forget(): void {
    this.#windowLeft = WINDOW_FRAMES;
    this.#good = 0;
    this.#bad = 0;
    this.#overInARow = 0;
  }
}
