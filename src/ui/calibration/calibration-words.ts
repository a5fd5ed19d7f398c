import type { KeptRecord, Recommendation } from '#contracts/calibration';
import type { Estimate } from '#contracts/estimate';
import type { WitanFailure } from '#contracts/errors';
import { count, listed, percent, plain, plural, whenLong } from '../quantities.ts';
import { timeEstimate } from '../estimate-words.ts';
import type { Source } from './calibration-model.svelte.ts';

type Interval = readonly [number, number];
type Admission = Recommendation['admissions'][number];
type NameOf = (memberId: string) => string;

const NBSP = '\u00a0';

export const SOURCE_LABELS: readonly { readonly value: Source; readonly label: string }[] = [
  { value: 'dev', label: 'Choosing' },
  { value: 'test', label: 'Judging' },
  { value: 'own', label: 'Your own' },
];

export const SOURCE_MEANING: Readonly<Record<Source, string>> = {
  dev: 'Short exact tasks that come with the app: sums, dates, words backwards. By these you choose who sits on the council.',
  test: 'Other tasks of the same kinds, kept apart to judge what was chosen. Whoever chooses by them cannot judge by them any more.',
  own: 'A file of your own questions with their right answers. It is read in this page, and nothing of it leaves this device.',
};

export const SPLIT_WORDS: Readonly<Record<Source, string>> = {
  dev: 'bundled questions for choosing',
  test: 'bundled questions for judging',
  own: 'your own questions',
};

/** "97 % (96 to 98)": the share and its 95 % interval. */
export function shareWords(accuracy: number, [low, high]: Interval): string {
  return `${percent(accuracy)} (${count(low * 100)} to ${count(high * 100)})`;
}

function signed(points: number): string {
  const digits = Math.abs(points).toLocaleString('en-GB', {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const sign = digits === '0.0' ? '' : points < 0 ? '−' : '+';
  return `${sign}${digits}`;
}

/** "+1.1 points (+0.4 to +1.8)". */
export function pointsWords(points: number, [low, high]: Interval): string {
  return `${signed(points)}${NBSP}points (${signed(low)} to ${signed(high)})`;
}

export function admissionWords({ admission, certain }: Admission): string {
  switch (admission) {
    case 'best':
      return 'The best of them here';
    case 'fits':
      return 'Fits: at most 10 points below the best';
    case 'cannot-tell':
      return 'Fits by its figure; too few questions to be sure';
    case 'refused':
      return certain
        ? 'Left out: more than 10 points below the best'
        : 'Left out by its figure: more than 10 points below the best; too few questions to be sure';
  }
}

/** What the recommended council is worth beside its best member, in one sentence. */
export function versusWords(
  { memberId, differencePoints, ci95, verdict }: NonNullable<Recommendation['versusAlone']>,
  nameOf: NameOf,
): string {
  const alone = `${nameOf(memberId)} alone`;
  const by = pointsWords(differencePoints, ci95);
  switch (verdict) {
    case 'better':
      return `Together they are right more often than ${alone}: ${by}.`;
    case 'no-worse':
      return `Together they are at least as good as ${alone}, give or take a point: ${by}.`;
    case 'worse':
      return `Together they are right less often than ${alone}: ${by}. Asking it alone would be better here.`;
    case 'cannot-tell':
      return `Whether they are better than ${alone} cannot be told from these questions: ${by}.`;
  }
}

/** What stands against believing the choice, one sentence each. */
export function caveats({
  councils,
  stability,
  questionsNeeded,
  questions,
}: Recommendation): readonly string[] {
  const luck =
    stability === null || councils.length < 2
      ? []
      : [
          `Were the questions drawn again, no other pair or trio would be better in ${percent(stability)} of the draws.`,
        ];
  const few =
    questionsNeeded === null || questionsNeeded <= questions
      ? []
      : [
          `To see a difference of 5${NBSP}points one needs about ${plural(questionsNeeded, 'question')}; these are ${count(questions)}.`,
        ];
  return [
    ...luck,
    ...few,
    'They are chosen and measured on the same questions, so the figure is a little too good. Measure again on other questions to judge the choice.',
  ];
}

const RULES: readonly (readonly [RegExp, string])[] = [
  [/^rule:plurality/, 'Most votes'],
  [/^rule:slm-mux/, 'The member most at one with itself (SLM-MUX)'],
  [/^rule:model-switch/, 'Member after member, until one is sure (ModelSwitch)'],
  [/^rule:confidence/, 'Votes weighed by confidence'],
  [/^rule:pairwise/, 'The answer most like the others'],
  [/^best-member-equal-calls/, 'The best member alone, asked as often as all'],
  [/^best-member/, 'The best member alone'],
  [/^mean-member/, 'A member drawn by lot'],
  [/^oracle/, 'If one always knew who is right'],
];

/** Name of an arm of the report; null for single members, which have a table of their own. */
export function armName(name: string): string | null {
  const known = RULES.find(([of]) => of.test(name));
  if (known === undefined) return null;
  return name.endsWith('@1') ? `${known[1]}, first answers alone` : known[1];
}

export const STOP_NAMES = {
  exact: 'Nothing can change it any more',
  'adaptive-consistency': 'The lead is 95 % sure',
  'first-two': 'The first two agree',
} as const;

/** "3 members", "5 answers of all members", "3 answers of the best member". */
export function votersWords(of: 'members' | 'samples' | 'best-member', voters: number): string {
  if (of === 'members') return plural(voters, 'member');
  return `${plural(voters, 'answer')} of ${of === 'samples' ? 'all members' : 'the best member'}`;
}

/** A share of a count; "none" where there was nothing to count. */
export function partOf(part: number, whole: number): string {
  return whole === 0 ? 'none' : percent(part / whole);
}

/** "about 3.2 min (2.9 to 4.0)". */
export function aboutTime(ms: Estimate): string {
  return `about ${timeEstimate(ms)}`;
}

/** "48 of 120 questions · about 41 s (33 to 50) left". */
export function progressWords(done: number, total: number, left: Estimate | null): string {
  const so = `${count(done)} of ${plural(total, 'question')}`;
  return left === null || done === total ? so : `${so} · ${aboutTime(left)} left`;
}

const FAULTS: Readonly<Record<string, string>> = {
  'not-json': 'is not JSON',
  'not-a-question':
    'is no question: it needs a "prompt" and an "answer", both texts that are not empty or too long',
  'no-key': 'has an answer that is none of its kind (a number, yes or no, a date)',
  'same-id': 'has the "id" of a line before it',
  'same-question': 'asks what a line before it asks',
};

const detail = ({ details }: WitanFailure, name: string): string => String(details[name] ?? '');

/** What is wrong with a file of questions, and what to do: by line. */
export function ownFaultWords(problem: WitanFailure): readonly [happened: string, next: string] | undefined {
  if (problem.code !== 'question-set-invalid') return undefined;
  const reason = detail(problem, 'reason');
  const fault = FAULTS[reason];
  if (fault !== undefined) {
    const faults = Number(problem.details['faults'] ?? 1);
    const lines = detail(problem, 'lines').replace(/ [a-z-]+/g, '');
    const more = faults > 1 ? ` ${plural(faults, 'line')} need mending: ${lines}.` : '';
    return [`Line ${detail(problem, 'line')} ${fault}.`, `Mend it and choose the file again.${more}`];
  }
  if (reason === 'empty') return ['There is no question in this file.', 'Choose another file.'];
  if (reason === 'too-large' || reason === 'too-many')
    return [
      'This file is too large: at most 12,000 questions in 20 million characters.',
      'Choose a part of it.',
    ];
  return undefined;
}

/** Why a run ended, where the page knows more than the code of the failure. */
export function runFaultWords(problem: WitanFailure): readonly [happened: string, next: string] | undefined {
  if (problem.code !== 'council-unavailable') return ownFaultWords(problem);
  return detail(problem, 'cause') === 'consent-required'
    ? [
        'Nobody on this device can be asked.',
        'Members on servers are not, and models that are not here yet are fetched on the page Settings.',
      ]
    : [
        'A member of the council could not be started, and without it the others would be compared with nobody.',
        'Start it on the page Council, or take it off the council on the page Settings.',
      ];
}

/** Why a file of answers was not taken. */
export function recordFaultWords(
  problem: WitanFailure,
): readonly [happened: string, next: string] | undefined {
  if (problem.code !== 'record-invalid' || problem.details['line'] === undefined) return undefined;
  return [
    `This file is no record of answers: line ${detail(problem, 'line')} does not fit.`,
    'Choose a file that was saved on this page. Nothing was changed.',
  ];
}

/** "120 bundled questions for choosing, one answer each, of Alder, Birch and Cedar". */
export function recordWords({ head, questions }: KeptRecord): string {
  const each = head.samples === 1 ? 'one answer each' : `${count(head.samples)} answers each`;
  const names = listed(head.members.map(({ name }) => name));
  const what = SPLIT_WORDS[head.split].replace(/questions/, questions === 1 ? 'question' : 'questions');
  return `${count(questions)}${NBSP}${what}, ${each}, of ${names}`;
}

/** "21 Nov 2026, 10:04 · another device or browser". */
export function recordNote({ head, elsewhere }: KeptRecord): string {
  const when = whenLong(head.startedAt);
  return elsewhere === true ? `${when} · from another device or browser: shown, and used for nothing` : when;
}

/** "62 ms, 19 of 20 at most 140 ms". */
export function latencyWords({ p50, p95 }: { readonly p50: number; readonly p95: number }): string {
  const ms = (value: number): string =>
    value >= 1000 ? `${plain(value / 1000)}${NBSP}s` : `${count(value)}${NBSP}ms`;
  return `${ms(p50)}, 19 of 20 at most ${ms(p95)}`;
}
