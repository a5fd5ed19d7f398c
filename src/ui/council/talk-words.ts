import type { ImportReport } from '#contracts/archive';
import type { FoundPlace, HistoryView } from '#contracts/conversation';
import type { Deliberation } from '#contracts/deliberation';
import { listed, plural } from '../quantities.ts';
import { dissentWords } from './verdict-words.ts';

export const VIEW_CHOICES: readonly { readonly value: HistoryView; readonly label: string }[] = [
  { value: 'own', label: 'its own earlier answers' },
  { value: 'council', label: 'the council’s answers' },
  { value: 'none', label: 'nothing said before' },
];

/** Names of members by whether they are shown earlier turns. */
export interface Audience {
  /** An earlier question is on screen, and the next follows the last one all the same. */
  readonly lookingBack: boolean;
  readonly shown: readonly string[];
  readonly bare: readonly string[];
}

const followUp = ({ lookingBack }: Audience): string =>
  lookingBack ? 'Follow-up to the last question.' : 'Follow-up.';

/** Whom the choice is of: it stands before the choices, "Each member is shown". Null where there is nothing to choose. */
export function shownWords(audience: Audience): string | null {
  const { shown, bare } = audience;
  if (shown.length === 0) return null;
  if (bare.length === 0) return `${followUp(audience)} Each member is shown`;
  return `${followUp(audience)} ${listed(shown)} ${shown.length === 1 ? 'is' : 'are'} shown`;
}

/** What stands after it, or instead. */
export function bareWords(audience: Audience): string | null {
  const { shown, bare } = audience;
  if (bare.length === 0) return null;
  return shown.length === 0
    ? `${followUp(audience)} These members read one question at a time: nothing said before is shown to them.`
    : `${listed(bare)} ${bare.length === 1 ? 'reads' : 'read'} bare questions only.`;
}

export const EDITING_WORDS =
  'You reword a question. Its answer, and what came after, stay as another version.';

/** What members were shown of the conversation before this answer; null where it had no earlier turns. */
export function historyWords({ members }: Pick<Deliberation, 'members'>): string | null {
  const told = members.flatMap(({ name, history }) =>
    history === undefined || history.shown + history.leftOut === 0 ? [] : [{ name, ...history }],
  );
  if (told.length === 0) return null;
  const shown = told.filter((member) => member.shown > 0);
  if (shown.length === 0) return 'Members were shown nothing said before.';
  const each = shown.map(({ name, shown: count, leftOut }) => {
    const left = leftOut === 0 ? '' : ` (no room for ${String(leftOut)} more)`;
    return `${name} ${plural(count, 'earlier question')}${left}`;
  });
  return `Shown before it answered: ${each.join('; ')}.`;
}

/** One line: who said something else. Null where all agree. */
export function dissentLine(record: Deliberation): string | null {
  const groups = dissentWords(record).map(({ names, answer }) => `${names}: ${answer}`);
  return groups.length === 0 ? null : groups.join(' · ');
}

const PLACES: Readonly<Record<FoundPlace, string>> = {
  question: 'in the question',
  answer: 'in the answer',
  members: 'in what a member said',
};

export const placeWords = (place: FoundPlace): string => PLACES[place];

/** What became of an imported file, a sentence each. */
export function importWords(report: ImportReport): readonly string[] {
  const { added, merged, unchanged, conflicts, refused, trimmed } = report;
  const lines = [
    added === 0 ? 'Nothing new.' : `${plural(added, 'record')} added.`,
    ...(merged === 0 ? [] : [`${plural(merged, 'record')} here before gained what only the file knew.`]),
    ...(unchanged === 0 ? [] : [`${plural(unchanged, 'record')} here already.`]),
    ...(conflicts.length === 0
      ? []
      : [
          conflicts.length === 1
            ? `${plural(1, 'record')} of the file contradicts yours; yours stays as it is.`
            : `${plural(conflicts.length, 'record')} of the file contradict yours; yours stay as they are.`,
        ]),
    ...(refused.length === 0
      ? []
      : [
          `${plural(refused.length, 'record')} of the file cannot be read and were left out: ${listed(
            refused.slice(0, REFUSED_NAMED).map(({ list, index }) => `${list} ${String(index + 1)}`),
          )}${refused.length > REFUSED_NAMED ? ', and more' : ''}.`,
        ]),
    ...(trimmed === 0
      ? []
      : [`${plural(trimmed, 'record')} held more than this version knows; that part was not kept.`]),
  ];
  return lines;
}

/** More places than these help nobody to mend a file. */
const REFUSED_NAMED = 3;

/** Fields of a conclusion in which a replay may differ, as people call them. */
const FIELDS: Readonly<Record<string, string>> = {
  outcome: 'how it ended',
  answer: 'the answer',
  key: 'the vote that won',
  agreement: 'the agreement',
  callsSaved: 'what was saved',
  dissent: 'the dissent',
  missing: 'whose vote is missing',
  lateWouldFlip: 'what late votes would change',
  decidedEarly: 'whether it was decided early',
};

/** What deciding anew from the recorded votes came to. */
export function replayWords(differences: readonly string[]): string {
  return differences.length === 0
    ? 'The same decision: its votes, under its rule, lead to this answer again.'
    : `Not the same: the record differs from its own votes in ${listed(
        differences.map((name) => FIELDS[name] ?? name),
      )}.`;
}

export const TOO_OLD_WORDS = [
  'This record is from before votes were recorded whole.',
  'It cannot be decided again; its answer stays as it is.',
] as const;
