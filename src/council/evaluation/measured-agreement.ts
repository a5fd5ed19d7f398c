import { wilsonInterval } from '#kernel/statistics-proportions';
import type { Deliberation } from '#contracts/deliberation';
import type { MeasuredAgreement, Right } from '#contracts/evidence';
import type { RuleName } from '#contracts/rules';
import { ruleMember, standingOf } from '../member-say.ts';
import { samplesOfOutcome } from '../round-ballot.ts';
import { isUnanimous } from './agreement.ts';
import { replayable } from './columns.ts';
import { isRight, judge, samplesOf, type RuleSet } from './judged.ts';
import type { WholeRecord } from './record-lines.ts';

/** Members whose answer, or refusal, was heard in a round: of these alone the record tells how far they agree. */
export function heardIn({ members }: Deliberation): readonly string[] {
  return members.flatMap((member) => (samplesOfOutcome(member).length > 0 ? [member.id] : []));
}

/** Whether all first answers of those that were heard are one. */
function roundIs({ members }: Deliberation): MeasuredAgreement['round'] {
  const first = members.flatMap((member) => samplesOfOutcome(member).slice(0, 1));
  const [one] = first;
  const same = one?.key != null && first.every(({ key }) => key === one.key);
  return same ? 'unanimous' : 'divided';
}

function rightOf(flags: readonly boolean[]): Right {
  const correct = flags.filter(Boolean).length;
  return { total: flags.length, correct, ci95: [...wilsonInterval(correct, flags.length)] };
}

/**
 * How often the members that were heard in `round` were right when they agreed and when they did not, by a run that had them
 * all: their answers are taken from the run and decided as the round was, by its rule, weights and casting vote, so that it
 * is of these members and not of the run's whole council. Questions that ask for free text are left out: no key says whether
 * such an answer is right.
 */
export function measuredAgreement(
  { head, ballots }: WholeRecord,
  round: Deliberation,
  rules: RuleSet,
): MeasuredAgreement {
  const { rule: wanted, samplesEach = 1, weights, tieBreaker } = round;
  const heard = new Set(heardIn(round));
  const members = head.members.filter(({ id }) => heard.has(id));
  const judged = judge(ballots, members).filter(({ kind }) => kind !== 'free');
  const samples = Math.min(samplesEach, head.samples);
  const carried = new Map(replayable(rules, judged, samples));
  const rule: RuleName = carried.has(wanted) ? wanted : 'plurality';
  const decide = carried.get(rule) ?? rules.plurality;
  const ruleMembers = members.map(({ id, devAccuracy }) =>
    ruleMember(id, standingOf(id, devAccuracy, tieBreaker), weights),
  );
  const rows = judged.map((each) => {
    const verdict = decide({ members: ruleMembers, samples: samplesOf(each, samples) });
    return { unanimous: isUnanimous(each, members.length), right: isRight(each, verdict?.key) };
  });
  const rightWhere = (unanimous: boolean): Right =>
    rightOf(rows.flatMap((row) => (row.unanimous === unanimous ? [row.right] : [])));
  return {
    recordId: head.id,
    split: head.split,
    at: head.startedAt,
    members: members.map(({ id }) => id),
    rule,
    unanimous: rightWhere(true),
    divided: rightWhere(false),
    round: roundIs(round),
  };
}
