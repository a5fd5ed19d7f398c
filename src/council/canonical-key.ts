import type { AnswerKind } from '#contracts/deliberation';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** A number as a reduced rational: `4.50` and `9/2` have the same key. */
function numberKey(text: string): string | null {
  const plain = text
    .replace(/[\s$€£%]/g, '')
    .replace(/(?<=\d),(?=\d{3}\b)/g, '')
    .replace(/\.$/, '');
  const parts = /^(-?)(\d{1,30})(?:\.(\d{1,30})|\/(\d{1,30}))?$/.exec(plain);
  if (parts === null) return null;
  const [, sign, whole = '0', decimals, divisor] = parts;
  let numerator = BigInt(whole + (decimals ?? ''));
  let denominator = divisor === undefined ? 10n ** BigInt(decimals?.length ?? 0) : BigInt(divisor);
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
  const keys = parts.map(numberKey);
  return keys.length > 0 && keys.every((key) => key !== null) ? keys.join(',') : null;
}

function dateKey(text: string): string | null {
  const month = MONTHS.find((name) => text.includes(name));
  const day = Number(/\d{1,2}/.exec(text)?.[0]);
  return month === undefined || !(day >= 1 && day <= 31) ? null : `${String(day)} ${month}`;
}

/**
 * The canonical form of a vote: two answers that mean the same have the same key.
 * @returns null when the text is no answer of this kind (an abstention, counted as such and never retried)
 */
export function canonicalKey(kind: AnswerKind, answer: string): string | null {
  const text = answer
    .toLowerCase()
    .replace(/["'“”‘’]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (text === '') return null;
  switch (kind) {
    case 'number':
      return numberKey(text);
    case 'yes-no':
      return /^(yes|no)\b/.exec(text)?.[1] ?? null;
    case 'word':
      return /^[a-z]+(?=[.!]?$)/.exec(text)?.[0] ?? null;
    case 'list':
      return listKey(text.replace(/\.$/, ''));
    case 'day':
      return DAYS.find((day) => text.includes(day)) ?? null;
    case 'date':
      return dateKey(text);
    case 'free':
      return text.replace(/[.!?]+$/, '');
  }
}

/** True when a member said, in the agreed words, that it cannot answer. */
export function isAbstention(answer: string, abstain: string): boolean {
  return abstain !== '' && answer.trim().toLowerCase().startsWith(abstain.slice(0, 20).toLowerCase());
}

/** Free text in which members name themselves is compared without the name: "I am Alder" and "I am Birch" agree. */
export function withoutOwnName(answer: string, ownName: string): string {
  return answer.replaceAll(ownName, 'this member');
}
