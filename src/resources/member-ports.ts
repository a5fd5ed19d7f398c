import type { Clock } from '#kernel/clock';
import type { Engine } from '#contracts/engine';
import type { WitanFailure } from '#contracts/errors';
import type { DeviceLosses } from './device-losses.ts';
import type { MemberRung } from './member-spec.ts';

/**
 * Makes the engine of a rung, with its worker. `onLost` is called once when that is gone and nobody asked for it. May
 * throw where a browser lets no worker be made.
 */
export type MemberLaunch = (
  memberId: string,
  onLost: (reason: WitanFailure) => void,
  rung: MemberRung,
) => Engine;

/** Where loads under way are marked, so that a tab which died of one is found out afterwards. */
export interface LoadMarks {
  /** Sets the mark before it returns. @returns what takes it away */
  begin(memberId: string, rungId: string): () => void;
}

export const NO_MARKS: LoadMarks = { begin: () => () => undefined };

export interface MemberPorts {
  readonly clock: Clock;
  readonly launch: MemberLaunch;
  readonly deviceLosses: DeviceLosses;
  readonly marks: LoadMarks;
  /** The view has changed. */
  readonly onChange: () => void;
  /** A load failed, for a reason other than that it was given up. */
  readonly onLoadFailed: (problem: WitanFailure) => void;
}
