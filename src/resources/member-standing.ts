import { present } from '#kernel/assert';
import type { Clock } from '#kernel/clock';
import type { MemberFallback } from '#contracts/council';
import type { WitanFailure } from '#contracts/errors';
import type { DeviceLosses } from './device-losses.ts';
import type { MemberRung, MemberSpec } from './member-spec.ts';
import {
  ladderAt,
  nextStep,
  rested,
  rungAfterDeath,
  type LadderStep,
  type Trouble,
} from './recovery-ladder.ts';
import { RestartWindow } from './restart-window.ts';

type Rungs = MemberSpec['rungs'];

/** Where a member stands on its ladder, and why it is not at the top. */
export class MemberStanding {
  readonly #clock: Clock;
  readonly #deviceLosses: DeviceLosses;
  readonly #window = new RestartWindow();
  #ladder = ladderAt(0);
  #because: MemberFallback['because'] | null = null;

  constructor(clock: Clock, deviceLosses: DeviceLosses) {
    this.#clock = clock;
    this.#deviceLosses = deviceLosses;
  }

  /** Null at the top. */
  get because(): MemberFallback['because'] | null {
    return this.#because;
  }

  get isAtTop(): boolean {
    return this.#ladder.rung === 0;
  }

  on(rungs: Rungs): MemberRung {
    return present(rungs[this.#ladder.rung], 'the rung');
  }

  /** The ladder has changed: the same rung may have another place. @returns false: it is gone */
  find(rungs: Rungs, id: string): boolean {
    const rung = rungs.findIndex((each) => each.id === id);
    if (rung >= 0) this.#ladder = { ...this.#ladder, rung };
    return rung >= 0;
  }

  /** What failed before may be tried as often again. */
  rest(): void {
    this.#ladder = rested(this.#ladder);
  }

  /** Nothing of what was before counts, but the session's account of lost GPUs. */
  toTheTop(): void {
    this.#window.forget();
    this.#because = null;
    this.#ladder = ladderAt(0);
  }

  /** A tab died of loading these: begin below them. @returns false where nothing is smaller */
  avoid(rungs: Rungs, deadlyRungs: readonly string[]): boolean {
    const deadly = rungs.findLastIndex((rung) => deadlyRungs.includes(rung.id));
    if (deadly < 0) return true;
    const next = rungAfterDeath(rungs, deadly);
    this.#ladder = ladderAt(next ?? deadly);
    this.#because = 'died-while-loading';
    return next !== null;
  }

  /** Decides what to do about a failure, and stands where the decision says. */
  step(rungs: Rungs, problem: WitanFailure, phase: Trouble['phase']): LadderStep {
    const now = this.#clock.nowMs();
    const runRestarts = this.#window.left(now);
    const deviceMayReturn = problem.code !== 'device-lost' || this.#deviceLosses.note(now);
    const step = nextStep(rungs, { ...this.#ladder, runRestarts }, { problem, phase, deviceMayReturn });
    if (step.do === 'give-up') return step;
    // What is not on the device is passed over; the reason for going down is another.
    if (step.do === 'descend' && (this.#because === null || problem.code !== 'consent-required'))
      this.#because = problem.code;
    if (step.state.runRestarts < runRestarts) this.#window.note(now);
    this.#ladder = step.state;
    return step;
  }
}
