import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { RecordedQuestionSchema, type RecordedQuestion } from '#contracts/calibration';
import { ANSWER_KINDS } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import { canonicalKey } from '../canonical-key.ts';
import { questionKind } from '../question-kind.ts';

/** What a line may hold; more is passed over, so that an exported record can be asked again. */
const LineSchema = v.object({
  id: v.optional(RecordedQuestionSchema.entries.id),
  prompt: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(8_000)),
  answer: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(2_000)),
  family: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(80))),
  kind: v.optional(v.picklist(ANSWER_KINDS)),
});

/** Ten times the bundled test set, in a tab: 20 MB as text, a night of answers for a large model. */
const MOST_QUESTIONS = 12_000;
const MOST_CHARACTERS = 20_000_000;
/** Faults that a failure lists; the rest is counted. */
const LISTED = 20;

/** Family of questions for which none is given. */
const OWN_FAMILY = 'own';

type Fault = 'not-json' | 'not-a-question' | 'no-key' | 'same-id' | 'same-question';

/** The line itself as JSON; `undefined` where it is none. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** The head that an exported record begins with is no question. */
function isRecordHead(json: unknown): boolean {
  return v.is(v.object({ schema: v.literal('witan.calibration') }), json);
}

function questionOf(json: unknown, line: number): RecordedQuestion | Fault {
  if (json === undefined) return 'not-json';
  const parsed = v.safeParse(LineSchema, json);
  if (!parsed.success) return 'not-a-question';
  const { id = `own-${String(line).padStart(5, '0')}`, prompt, answer, family = OWN_FAMILY } = parsed.output;
  const kind = parsed.output.kind ?? questionKind(prompt);
  if (canonicalKey(kind, answer) === null) return 'no-key';
  return { id, family, kind, prompt, answer };
}

/**
 * The user's own questions: one JSON object a line, {"prompt","answer","family"?,"kind"?}. A kind that is not given is read
 * from the question's words; a family that is not given is `own`. All or nothing: a file with a line that is no question
 * is not taken in part.
 * Errors: question-set-invalid with `reason`: too-large, too-many, empty, or that of the first faulty line, with its
 * `line` (from 1), `faults` (how many) and `lines` (the first twenty, each with its reason): not-json, not-a-question
 * (a field is missing, too long or of another kind), no-key (the answer is none of its kind), same-id, same-question.
 */
export function ownQuestions(text: string): Outcome<readonly RecordedQuestion[]> {
  const invalid = (details: Readonly<Record<string, string | number>>): Outcome<never> =>
    err(failure('question-set-invalid', details));
  if (text.length > MOST_CHARACTERS) return invalid({ reason: 'too-large', limit: MOST_CHARACTERS });
  const questions: RecordedQuestion[] = [];
  const faults: { readonly line: number; readonly fault: Fault }[] = [];
  const seen = { ids: new Set<string>(), prompts: new Set<string>() };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (raw.trim() === '') continue;
    const line = index + 1;
    const json = jsonOf(raw);
    if (isRecordHead(json)) continue;
    const question = questionOf(json, line);
    if (typeof question === 'string') faults.push({ line, fault: question });
    else if (seen.ids.has(question.id)) faults.push({ line, fault: 'same-id' });
    else if (seen.prompts.has(question.prompt)) faults.push({ line, fault: 'same-question' });
    else {
      seen.ids.add(question.id);
      seen.prompts.add(question.prompt);
      questions.push(question);
    }
  }
  const [first] = faults;
  if (first !== undefined) {
    const lines = faults.slice(0, LISTED).map(({ line, fault }) => `${String(line)} ${fault}`);
    return invalid({ line: first.line, reason: first.fault, faults: faults.length, lines: lines.join(', ') });
  }
  if (questions.length === 0) return invalid({ reason: 'empty' });
  if (questions.length > MOST_QUESTIONS) return invalid({ reason: 'too-many', limit: MOST_QUESTIONS });
  return ok(questions);
}
