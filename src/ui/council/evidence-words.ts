import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { Evidence, MeasuredAgreement, Point, Right } from '#contracts/evidence';
import type { StopName } from '#contracts/rules';
import { listed, percent, plain, plural, whenLong } from '../quantities.ts';
import { STOP_CHOICES } from './rule-choices.ts';
import { ruleName } from './rule-words.ts';
import { named, whyMissing } from './verdict-words.ts';

/** One of the answers that were given. */
export interface GivenWords {
  readonly key: string;
  readonly answer: string;
  /** "2 votes: Alder, Birch". */
  readonly who: string;
  readonly isAnswer: boolean;
}

export interface MeasuredRow {
  readonly when: string;
  readonly right: string;
  /** This answer is one of these. */
  readonly here: boolean;
}

export interface MeasuredWords {
  readonly lines: readonly string[];
  readonly rows: readonly MeasuredRow[];
  /** It can be measured: offer the way. */
  readonly canMeasure: boolean;
}

export interface SaidWords {
  readonly title: string;
  readonly points: readonly { readonly text: string; readonly who: string }[];
}

export interface StopWords {
  readonly when: string;
  readonly saved: string;
}

/** What an answer rests on, in words. Agreement is a count: nothing here may say that it makes an answer right. */
export interface EvidenceWords {
  readonly given: readonly GivenWords[];
  readonly votes: readonly string[];
  readonly measured: MeasuredWords;
  /** Who is not in it, and what that means; empty where all are. */
  readonly missing: readonly string[];
  readonly said: readonly SaidWords[];
  /** Words of the question that no answer takes up. */
  readonly blindSpots: string | null;
  readonly stops: readonly StopWords[];
  /** In place of `stops`, where nobody can say. */
  readonly noStops: string | null;
}

/** "98 % (95 to 99 %)" of the answers, or that there were none. */
function rightWords({ total, correct, ci95: [low, high] }: Right): string {
  if (total === 0) return 'did not happen';
  const range = `95\u00a0% interval ${percentRange(low, high)}`;
  return `right in ${correct} of ${plural(total, 'question')}: ${percent(correct / total)} (${range})`;
}

function percentRange(low: number, high: number): string {
  return `${Math.round(low * 100)} to ${percent(high)}`;
}

const SETS: Readonly<Record<MeasuredAgreement['split'], string>> = {
  test: 'the bundled test questions',
  dev: 'the bundled questions for choosing',
  own: 'questions of your own',
};

const UNMEASURED: Readonly<Record<Extract<Evidence['measured'], string>, string>> = {
  none: 'How often these members are right when they agree, and when they differ, has not been measured on this device.',
  'free-text': 'What is measured on this device are exact answers; that says nothing about long texts.',
  server: 'A member on a server took part; how often it is right is not measured here.',
  nobody: 'Nobody was heard.',
  storage: 'What was measured on this device could not be read.',
};

function measuredWords(record: Deliberation, measured: Evidence['measured']): MeasuredWords {
  if (typeof measured === 'string')
    return { lines: [UNMEASURED[measured]], rows: [], canMeasure: measured === 'none' };
  const { members, rule, round, unanimous, divided, split, at } = measured;
  const names = listed(members.map((id) => nameIn(record, id)));
  const alone = members.length === 1;
  const rows = [
    { when: alone ? 'It has an answer' : 'They give one answer', ...told(unanimous, round === 'unanimous') },
    { when: alone ? 'It has none' : 'They do not', ...told(divided, round === 'divided') },
  ];
  return {
    lines: [
      `${names} on this device, ${whenLong(at)}, on ${SETS[split]}:`,
      ...(rule === record.rule
        ? []
        : [`Decided there by ${ruleName(rule)}: the run has not what this rule needs.`]),
      'Questions unlike those may go otherwise.',
    ],
    rows: alone ? rows.slice(0, 1) : rows,
    canMeasure: false,
  };
}

function told(right: Right, here: boolean): Omit<MeasuredRow, 'when'> {
  return { right: rightWords(right), here };
}

function nameIn({ members }: Deliberation, id: string): string {
  const found = members.find((each) => each.id === id);
  return found === undefined ? id : named(found);
}

function whoOf(record: Deliberation, ids: readonly string[]): string {
  return listed(ids.map((id) => nameIn(record, id)));
}

function voteLines(record: Deliberation, evidence: Evidence): readonly string[] {
  const { votes, clusters, comparison, agreement, concentration, concordance, abstained } = evidence;
  const { weights, tieBreaker, samplesEach = 1, cached, instructions } = record;
  const allDiffer = comparison !== null && clusters.length === votes;
  const inFavour = clusters.find(({ isAnswer }) => isAnswer)?.votes ?? 0;
  const weighed = Object.entries(weights ?? {}).map(
    ([id, weight]) => `${nameIn(record, id)} ${plain(weight)}`,
  );
  return [
    ...(cached === undefined ? [] : ['Nobody was asked: this is the answer of an earlier round.']),
    ...(agreement === null
      ? ['There is no vote to count.']
      : allDiffer
        ? [`No two of the ${votes} texts are the same, as is usual for long ones.`]
        : [`For the answer: ${inFavour} of ${plural(votes, 'vote')}, ${percent(agreement)}.`]),
    ...(samplesEach > 1 ? ['Each answer of a member is a vote.'] : []),
    ...(abstained > 0 ? [`${plural(abstained, 'answer')} could not be counted.`] : []),
    ...(weighed.length > 0 ? [`By your weights votes count: ${listed(weighed)}; all others 1.`] : []),
    ...(tieBreaker === undefined ? [] : [`In a tie ${nameIn(record, tieBreaker)} has the casting vote.`]),
    ...(concentration === null || clusters.length < 2 || allDiffer
      ? []
      : [
          `How close together the votes are: ${percent(concentration)} (100\u00a0%: all alike, 0\u00a0%: all differ).`,
        ]),
    ...(concordance === null
      ? []
      : [
          `How alike the members’ orders are: ${percent(concordance)} (Kendall’s W; 0\u00a0%: no agreement at all).`,
        ]),
    ...(instructions === undefined ? [] : ['They were told to compare in your own words.']),
    ...(votes > 1 ? ['Agreement proves nothing: models often make the same mistake.'] : []),
  ];
}

/** Slow, or cut off by a stop that may err. */
const SLOW: ReadonlySet<MemberOutcome['status']> = new Set(['timeout', 'cut']);

function missingLines(record: Deliberation, { silent, partial, late, votes }: Evidence): readonly string[] {
  const reasons = silent.flatMap(({ memberId }) => {
    const member = record.members.find(({ id }) => id === memberId);
    return member === undefined ? [] : [`${named(member)}: ${whyMissing(member) ?? 'no vote'}.`];
  });
  const slow = silent.some(
    ({ memberId, status }) => SLOW.has(status) && partial?.members.includes(memberId) === true,
  );
  return [
    ...reasons,
    ...(partial === null || votes === 0
      ? []
      : ['A vote that is missing could have counted: what is left is a part of the council.']),
    ...(slow && votes > 0
      ? [
          'Who runs out of time is slow, and the slow members are often the better ones: the rest is no fair sample.',
        ]
      : []),
    ...(partial === null || partial.better.length === 0
      ? []
      : [
          `By what was measured, ${whoOf(record, partial.better)} is more often right than the average of those that voted.`,
        ]),
    ...(late.members.length === 0 ? [] : [lateLine(record, late)]),
  ];
}

function lateLine(record: Deliberation, { members, wouldFlip }: Evidence['late']): string {
  const came = `${whoOf(record, members)} answered after the council had spoken`;
  return wouldFlip
    ? `${came}: with all votes the answer would be another.`
    : `${came}: with all votes it is the same answer.`;
}

function saidWords(record: Deliberation, comparison: Evidence['comparison']): readonly SaidWords[] {
  if (comparison === null) return [];
  const { consensus, contradictions, partial, unique } = comparison;
  const against = new Set(contradictions.flat().map(({ text }) => text));
  const unopposed = (points: readonly Point[]): readonly Point[] =>
    points.filter(({ text }) => !against.has(text));
  const groups: readonly (readonly [string, readonly Point[]])[] = [
    ['All say', unopposed(consensus)],
    ...contradictions.map((points) => ['These cannot all hold', points] as const),
    ['Some say', unopposed(partial)],
    ['Only one says', unopposed(unique)],
  ];
  return groups.flatMap(([title, points]) =>
    points.length === 0
      ? []
      : [{ title, points: points.map(({ text, members }) => ({ text, who: whoOf(record, members) })) }],
  );
}

const STOP_LABELS = new Map<StopName, string>(STOP_CHOICES.map(({ value, label }) => [value, label]));

function stopWords({ stops, heard }: Evidence): readonly StopWords[] {
  if (typeof stops === 'string') return [];
  return stops.map(({ stop, callsSaved, tokensSaved, changed }) => ({
    when: STOP_LABELS.get(stop) ?? stop,
    saved:
      callsSaved === 0
        ? 'nothing'
        : `${callsSaved} of ${plural(heard.calls, 'answer')}, ${tokensSaved} of ${plural(heard.tokens, 'token')}; ` +
          (changed ? 'the answer would have been another' : 'the same answer'),
  }));
}

function noStopWords({ callsSaved }: Deliberation, { stops }: Evidence): string | null {
  switch (stops) {
    case 'rule':
      return 'Nothing: this rule compares the answers once all are there.';
    case 'unheard':
      return callsSaved > 0
        ? `This vote was stopped, and ${plural(callsSaved, 'answer')} saved. What other stops would have saved is known only of votes that are heard to their end.`
        : 'Known only of votes that are heard to their end.';
    case 'older':
      return 'This record is from before that was written down.';
    default:
      return null;
  }
}

export function evidenceWords(record: Deliberation, evidence: Evidence): EvidenceWords {
  const { clusters, measured, comparison } = evidence;
  const blind = comparison?.blindSpots ?? [];
  return {
    given: clusters.map(({ key, answer, votes, weight, members, isAnswer }) => ({
      key,
      answer,
      who:
        `${plural(votes, 'vote')}${weight === undefined ? '' : `, counting ${plain(weight)}`}: ` +
        whoOf(record, members),
      isAnswer,
    })),
    votes: voteLines(record, evidence),
    measured: measuredWords(record, measured),
    missing: missingLines(record, evidence),
    said: saidWords(record, comparison),
    blindSpots: blind.length === 0 ? null : blind.join(', '),
    stops: stopWords(evidence),
    noStops: noStopWords(record, evidence),
  };
}
