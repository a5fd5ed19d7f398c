import type { CouncilMember, RoundEvent } from '#contracts/council';
import type { AskOptions, Deliberation, MemberOutcome } from '#contracts/deliberation';
import { modelIdentity } from '#contracts/model-identity';

/** A member as far as its part in a decision goes. */
export type EvidenceMember = Pick<CouncilMember, 'id' | 'accuracy' | 'backend' | 'load'> & {
  readonly engine: Pick<CouncilMember['engine'], 'kind'>;
};

/**
 * Listens to a round and writes down what its decision rests on besides the members' words: in which order they ended, when
 * the answer was announced, and the accuracies that break ties. With that, and with nothing else, `replay` comes to the
 * same decision.
 */
export class RoundEvidence {
  readonly #members: readonly EvidenceMember[];
  readonly #history: AskOptions['history'];
  readonly #ended: string[] = [];
  #announcedAfter: number | null = null;

  constructor(members: readonly EvidenceMember[], history: AskOptions['history'] = {}) {
    this.#members = members;
    this.#history = history;
  }

  hear(event: RoundEvent): void {
    if (event.type === 'member-ended') this.#ended.push(event.member.id);
    if (event.type === 'round-decided') this.#announcedAfter ??= this.#ended.length;
  }

  /** The record with its evidence. */
  complete<Record extends Omit<Deliberation, 'frames'>>(record: Record, stoppedByUser: boolean): Record {
    return {
      ...record,
      announcedAfter: this.#announcedAfter,
      stoppedByUser,
      members: record.members.map((member) => this.#completed(member)),
    };
  }

  #completed(outcome: MemberOutcome): MemberOutcome {
    const member = this.#members.find(({ id }) => id === outcome.id);
    const endedAs = this.#ended.indexOf(outcome.id);
    const history = this.#history?.[outcome.id];
    return {
      ...outcome,
      ...(member === undefined ? {} : { accuracy: member.accuracy }),
      ...(member?.load === undefined
        ? {}
        : { model: modelIdentity(member.engine.kind, member.backend, member.load) }),
      ...(endedAs < 0 ? {} : { endedAs }),
      ...(history === undefined ? {} : { history: { shown: history.shown, leftOut: history.leftOut } }),
    };
  }
}
