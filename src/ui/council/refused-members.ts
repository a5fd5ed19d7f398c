import type { Calibration } from '#contracts/calibration';
import type { MemberView } from '#contracts/council';
import { memberFingerprint } from '#contracts/member-fingerprint';

/** A member with a seat that was measured on this device as too far below another one that has a seat too. */
export interface RefusedMember {
  readonly id: string;
  readonly name: string;
  /** Below the best, points. */
  readonly points: number;
  /** Its whole interval says so. */
  readonly certain: boolean;
}

/**
 * Whom the newest run refuses, of those that have a seat as they were measured. Nobody where the best that they were
 * measured against has none: then there is nothing that they make worse.
 */
export function refusedMembers(
  calibration: Calibration | null,
  members: readonly MemberView[],
): readonly RefusedMember[] {
  if (calibration === null) return [];
  const { admissions } = calibration.recommendation;
  const seated = (memberId: string): MemberView | undefined => {
    const measured = calibration.members.find((each) => each.memberId === memberId);
    return members.find((view) => view.id === memberId && memberFingerprint(view) === measured?.fingerprint);
  };
  const best = admissions.find(({ admission }) => admission === 'best');
  if (best === undefined || seated(best.memberId) === undefined) return [];
  return admissions.flatMap(({ memberId, admission, differencePoints, certain }) => {
    const view = seated(memberId);
    if (admission !== 'refused' || view === undefined) return [];
    return [{ id: memberId, name: view.name, points: -differencePoints, certain }];
  });
}
