import { seededRandom } from '#kernel/random';

/** Names under which answers are put before a reviewer or chairman: what they are called tells nothing of their authors. */
export const LABELS: readonly string[] = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Fisher–Yates, seeded: equal seeds give equal orders. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const [taken] = order.splice(Math.floor(random() * (last + 1)), 1);
    if (taken !== undefined) order.push(taken);
  }
  return order;
}

/** A seed of its own for each reader of one round: 32-bit FNV-1a over the seed and the reader's id. */
export function seedFor(seed: number, readerId: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed}:${readerId}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/** What labels stand for. */
export type LabelMap<T> = ReadonlyMap<string, T>;

/** At most 26 items under labels, in the order given. */
export function labelled<T>(items: readonly T[]): LabelMap<T> {
  return new Map(items.slice(0, LABELS.length).map((item, index) => [LABELS[index] ?? '', item]));
}

const ELLIPSIS = ' […]';

/**
 * A text of unknown author as it stands in a prompt: its length bounded, cut visibly, and without the marks that delimit it,
 * so that it can neither end its place early nor pose as another answer.
 */
export function fenced(text: string, maxCharacters: number): string {
  const plain = text.trim().replace(/<(?=\s*\/?\s*(?:answer|question)\b)/gi, '‹');
  return plain.length <= maxCharacters ? plain : plain.slice(0, maxCharacters).trimEnd() + ELLIPSIS;
}

/** The labels as a choice in GBNF. */
export function labelAlternatives(labels: readonly string[]): string {
  return labels.map((label) => JSON.stringify(label)).join(' | ');
}
