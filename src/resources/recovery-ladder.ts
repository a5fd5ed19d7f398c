import { unreachable } from '#kernel/assert';
import type { WitanFailure } from '#contracts/errors';
import { lowerRung, rungWithout, type Wish } from './lower-rung.ts';
import type { MemberRung } from './member-spec.ts';

/** Where a member stands on its ladder, and what it may still do there. Every step lowers one of these numbers. */
export interface LadderState {
  /** Index of the rung; only grows. */
  readonly rung: number;
  /** Restarts left for a worker that is lost or silent while it loads. Per rung. */
  readonly loadRestarts: number;
  /** Restarts left for a worker that is lost while it serves; the member refills them as time passes. */
  readonly runRestarts: number;
  /** Times left that the same rung may be started again after the GPU was lost; `DeviceLosses` counts for the session. */
  readonly deviceRestarts: number;
}

/** A worker that dies twice more on the same load dies of that load. */
const LOAD_RESTARTS = 2;
/** Worker losses while serving that are repaired without question; see `RestartWindow`. */
export const RUN_RESTARTS = 8;
/**
 * Chromium grants no adapter any more after the GPU process crashed twice, not even after a reload
 * (research/storage-and-reliability.md, fault 1), so a second try would only prove it.
 */
const DEVICE_RESTARTS = 1;

/** @param rung index to begin on */
export function ladderAt(rung: number): LadderState {
  return {
    rung,
    loadRestarts: LOAD_RESTARTS,
    runRestarts: RUN_RESTARTS,
    deviceRestarts: DEVICE_RESTARTS,
  };
}

/** The counters of loading, full again: after a load that succeeded, and when somebody asks anew. */
export function rested(state: LadderState): LadderState {
  return { ...state, loadRestarts: LOAD_RESTARTS };
}

export type LadderStep =
  /** The same rung once more, in a fresh worker. */
  | { readonly do: 'restart'; readonly state: LadderState }
  | { readonly do: 'descend'; readonly state: LadderState }
  | { readonly do: 'give-up' };

export interface Trouble {
  readonly problem: WitanFailure;
  /** load: while the rung was being loaded · run: after it had been ready. */
  readonly phase: 'load' | 'run';
  /** False once the GPU was lost twice in this session, by whomever: restarting on it is pointless. */
  readonly deviceMayReturn: boolean;
}

const GIVE_UP: LadderStep = { do: 'give-up' };

/**
 * What to do next after a failure. Pure; ends after a bounded number of steps whatever fails in whatever order, because
 * each step either moves down the ladder or uses up a counter that nothing in it refills.
 */
export function nextStep(rungs: readonly MemberRung[], state: LadderState, trouble: Trouble): LadderStep {
  const { problem, phase } = trouble;
  switch (problem.code) {
    case 'device-lost':
      return trouble.deviceMayReturn && state.deviceRestarts > 0
        ? { do: 'restart', state: { ...state, deviceRestarts: state.deviceRestarts - 1 } }
        : descend(rungs, state, 'device');
    case 'out-of-memory':
    case 'deadline-exceeded': // too slow for this device, or swapping: smaller helps both
      return descend(rungs, state, 'memory');
    case 'feature-missing': {
      const { feature } = problem.details;
      return to(rungWithout(rungs, state.rung, typeof feature === 'string' ? feature : null), state);
    }
    case 'engine-unavailable':
      return descend(rungs, state, 'engine');
    case 'worker-lost':
    case 'worker-silent':
      return again(rungs, state, phase);
    case 'engine-failed':
      // While serving it is a worker whose engine has trapped: a fresh one is worth a try.
      return phase === 'run' ? again(rungs, state, phase) : descend(rungs, state, 'any');
    case 'consent-required':
      // Down the ladder only what is on the device already may take its place; at the top the user is asked.
      return state.rung > 0 ? descend(rungs, state, 'any') : GIVE_UP;
    // Damaged files, and code of another generation, the host has thrown away and fetched anew by itself, where it keeps any.
    case 'engine-incompatible':
    case 'model-invalid':
    case 'model-load-failed':
      return descend(rungs, state, 'any');
    default:
      // Another model would not help (no line, a server that refuses), or nothing is known of it.
      return GIVE_UP;
  }
}

/** The first rung to try when a tab died while it loaded the one at `rung`; null when there is nothing smaller. */
export function rungAfterDeath(rungs: readonly MemberRung[], rung: number): number | null {
  return lowerRung(rungs, rung, 'died');
}

function again(rungs: readonly MemberRung[], state: LadderState, phase: Trouble['phase']): LadderStep {
  switch (phase) {
    case 'load':
      return state.loadRestarts > 0
        ? { do: 'restart', state: { ...state, loadRestarts: state.loadRestarts - 1 } }
        : descend(rungs, state, 'memory'); // what kills its worker is most likely too big
    case 'run':
      return state.runRestarts > 0
        ? { do: 'restart', state: { ...state, runRestarts: state.runRestarts - 1 } }
        : descend(rungs, state, 'memory');
    default:
      return unreachable(phase);
  }
}

function descend(rungs: readonly MemberRung[], state: LadderState, wish: Wish): LadderStep {
  return to(lowerRung(rungs, state.rung, wish), state);
}

function to(rung: number | null, state: LadderState): LadderStep {
  return rung === null ? GIVE_UP : { do: 'descend', state: rested({ ...state, rung }) };
}
