import type { AnswerKind } from '#contracts/deliberation';
import { DAYS, MONTHS } from './calendar.ts';
import { choiceKey, type ChoiceOption } from './choice-options.ts';

/** What the question says of its answers. */
export interface AnswerContext {
  /** Options of a multiple-choice question. */
  readonly options?: readonly ChoiceOption[];
  /**
   * What a percent sign means. true: the question asks for percent, so it is the unit, and "50 %" is 50 · false: it asks for a
   * plain number, and "50 %" is 1/2 · absent: nobody knows, and the sign is dropped like that of a currency. 0.5 and 1/2 are
   * the same number in every case, and never 50.
   */
  readonly percent?: boolean;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** A number as a reduced rational: `4.50` and `9/2` have the same key. */
function numberKey(text: string, percent?: boolean): string | null {
  const hundredth = percent === false && /%\.?$/.test(text);
  const plain = text
    .replace(/[−–]/g, '-')
    .replace(/[$€£%]|\.$/g, '')
    // Thousands: "1,000" and "1 000", but "3 4" is no number.
    .replace(/(?<=\d)[, ](?=\d{3}\b)/g, '')
    .trim();
  const parts = /^(-?)(\d{1,30})(?:\.(\d{1,30})|\/(\d{1,30}))?$/.exec(plain);
  if (parts === null) return null;
  const [, sign, whole = '0', decimals, divisor] = parts;
  let numerator = BigInt(whole + (decimals ?? ''));
  let denominator = divisor === undefined ? 10n ** BigInt(decimals?.length ?? 0) : BigInt(divisor);
  if (hundredth) denominator *= 100n;
  if (denominator === 0n) return null;
  const common = gcd(numerator, denominator);
  if (common > 1n) {
    numerator /= common;
    denominator /= common;
  }
  const signed = sign === '-' && numerator !== 0n ? `-${String(numerator)}` : String(numerator);
  return denominator === 1n ? signed : `${signed}/${String(denominator)}`;
}

function listKey(text: string): string | null {
  const parts = text.split(/\s*(?:,|;|\band\b|\s)\s*/).filter((part) => part !== '');
  const keys = parts.map((part) => numberKey(part));
  return keys.length > 0 && keys.every((key) => key !== null) ? keys.join(',') : null;
}

/** The one day that the text names. */
function dayKey(text: string): string | null {
  const named = DAYS.filter((day) => new RegExp(`\\b${day}\\b`).test(text));
  return named.length === 1 ? named.join('') : null;
}

function dateKey(text: string): string | null {
  const months = MONTHS.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const days = text.match(/(?<!\d)\d{1,2}(?!\d)/g) ?? [];
  const day = Number(days[0]);
  const plain = months.length === 1 && days.length === 1 && day >= 1 && day <= 31;
  return plain ? `${String(day)} ${months.join('')}` : null;
}

/** What members that no grammar holds put around a short answer: "The answer is **12**.", "\\boxed{12}". */
function withoutFrame(text: string): string {
  return text
    .replace(/\*\*/g, '')
    .replace(/^\$?\\boxed\{([^{}]*)\}\$?\.?$/, '$1')
    .replace(
      /^(?:so |therefore,? |hence,? )?(?:the |my )?(?:(?:correct|final|right) )?answer(?: is|:| is:) (?=\S)/,
      '',
    )
    .trim();
}

/**
 * The canonical form of a vote: two answers that mean the same have the same key.
 * @param context what the question says of its answers; without it keys are as they always were
 * @returns null when the text is no answer of this kind (an abstention, counted as such and never retried)
 */
export function canonicalKey(kind: AnswerKind, answer: string, context: AnswerContext = {}): string | null {
  const whole = answer
    .toLowerCase()
    .replace(/["'“”‘’]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  const text = kind === 'free' ? whole : withoutFrame(whole);
  if (text === '') return null;
  switch (kind) {
    case 'number':
      return numberKey(text, context.percent);
    case 'choice':
      return choiceKey(text, context.options);
    case 'yes-no':
      return /^(yes\b|no(?=$|[.,!;:]))/.exec(text)?.[1] ?? null;
    case 'word':
      return /^[a-z]+(?=[.!]?$)/.exec(text)?.[0] ?? null;
    case 'list':
      return listKey(text.replace(/\.$/, ''));
    case 'day':
      return dayKey(text);
    case 'date':
      return dateKey(text);
    case 'free':
      return text.replace(/[.!?…\s]+$/, '') || null;
  }
}

/** True when a member said, in the agreed words, that it cannot answer. */
export function isAbstention(answer: string, abstain: string): boolean {
  return abstain !== '' && answer.trim().toLowerCase().startsWith(abstain.slice(0, 20).toLowerCase());
}

/** Free text in which members name themselves is compared without the name: "I am Alder" and "I am Birch" agree. */
export function withoutOwnName(answer: string, ownName: string): string {
  if (ownName === '') return answer;
  const literal = ownName.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return answer.replace(new RegExp(`(?<![\\p{L}\\d])${literal}(?![\\p{L}\\d])`, 'giu'), 'this member');
}
