import type { Calibration } from '#contracts/calibration';
import type { CouncilMember, MemberView } from '#contracts/council';
import type { AnswerKind } from '#contracts/deliberation';
import { memberFingerprint } from '#contracts/member-fingerprint';
import type { CalibrationPort } from '#contracts/ports';
import { TELLING_QUESTIONS } from '#contracts/telling-questions';
import { answerShape } from '../council/answer-shape.ts';
import { accuracyFor } from '../council/evaluation/member-calibration.ts';
import { openRound } from '../council/open-round.ts';

export interface MeasuredRoundsPorts {
  readonly calibration: Pick<CalibrationPort, 'latest'>;
  readonly members: () => readonly MemberView[];
}

/**
 * Rounds in which a member stands as high as it did in questions of this kind on this device: that breaks ties, orders
 * members and weighs votes. Where it was not measured it stands as it did when it was made.
 */
export class MeasuredRounds {
  readonly #ports: MeasuredRoundsPorts;
  #calibration: Calibration | null = null;

  constructor(ports: MeasuredRoundsPorts) {
    this.#ports = ports;
  }

  /** Looks for what was measured, and waits for none of it: a round begins with what has come by then. */
  rounds(): typeof openRound {
    void this.#look();
    return (question, ...rest) => {
      const { kind } = answerShape(question.prompt, question.abstain);
      const members = question.members.map((member) => this.#measured(member, kind));
      return openRound({ ...question, members }, ...rest);
    };
  }

  async #look(): Promise<void> {
    try {
      const latest = await this.#ports.calibration.latest(undefined, TELLING_QUESTIONS);
      if (latest.ok) this.#calibration = latest.value;
    } catch {
      // Its code could not be fetched: what was known before still holds.
    }
  }

  #measured(member: CouncilMember, kind: AnswerKind): CouncilMember {
    const view = this.#ports.members().find(({ id }) => id === member.id);
    if (this.#calibration === null || view === undefined) return member;
    const fingerprint = memberFingerprint({ ...view, backend: member.backend });
    const accuracy = accuracyFor(this.#calibration, { memberId: member.id, fingerprint }, kind);
    return accuracy === null ? member : { ...member, accuracy };
  }
}
