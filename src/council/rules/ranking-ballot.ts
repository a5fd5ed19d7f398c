import * as v from 'valibot';
import type { Ranking } from '#contracts/rules';
import { labelAlternatives } from './labels.ts';
import type { Review } from './reviewing.ts';

/** Up to 4! = 24 orders are spelt out in the grammar, so that no letter can come twice; beyond it only their number is held. */
const SPELT_OUT = 4;

function ordersOf(labels: readonly string[]): string[][] {
  if (labels.length === 0) return [[]];
  return labels.flatMap((first) =>
    ordersOf(labels.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}

/** GBNF of a ballot: `{"ranking":["B","A"]}` with every letter. */
export function rankingGrammar({ labels }: Pick<Review, 'labels'>): string {
  const letters = [...labels.keys()];
  const quoted = (letter: string): string => JSON.stringify(JSON.stringify(letter));
  const open = JSON.stringify('{"ranking":[');
  const close = JSON.stringify(']}');
  if (letters.length <= SPELT_OUT) {
    const orders = ordersOf(letters).map((order) => order.map(quoted).join(' "," '));
    return `root ::= ${open} (${orders.join(' | ')}) ${close}`;
  }
  const more = `("," letter){${letters.length - 1}}`;
  return `root ::= ${open} letter ${more} ${close}\nletter ::= "\\"" (${labelAlternatives(letters)}) "\\""`;
}

/** The same as a JSON schema, for engines and servers that take one. */
export function rankingSchema({ labels }: Pick<Review, 'labels'>): Readonly<Record<string, unknown>> {
  return {
    type: 'object',
    properties: {
      ranking: {
        type: 'array',
        items: { type: 'string', enum: [...labels.keys()] },
        minItems: labels.size,
        maxItems: labels.size,
        uniqueItems: true,
      },
    },
    required: ['ranking'],
    additionalProperties: false,
  };
}

const BallotSchema = v.object({ ranking: v.array(v.string()) });

function lettersOf(reply: string): readonly string[] | null {
  const text = reply.trim().replace(/^```(?:json)?\s*|\s*```$/g, '');
  try {
    const parsed = v.safeParse(BallotSchema, JSON.parse(text));
    return parsed.success ? parsed.output.ranking : null;
  } catch {
    // A bare order such as "B > A > C" or "B, A, C" says the same; prose does not.
    return /^[a-z](?:\s*[>,]\s*[a-z])+$/i.test(text) ? text.split(/\s*[>,]\s*/) : null;
  }
}

/**
 * Reads a reviewer's ballot. A letter that it was not shown, or one twice, spoils the ballot: what it meant is a guess. One
 * that leaves letters out is read: those share the rest of the points.
 * @returns null when it does not parse: an abstention, counted and never asked again
 */
export function parseRanking(review: Pick<Review, 'reviewerId' | 'labels'>, reply: string): Ranking | null {
  const letters = lettersOf(reply)?.map((letter) => letter.trim().toUpperCase()) ?? [];
  const order = letters.flatMap((letter) => review.labels.get(letter) ?? []);
  const sound =
    letters.length > 0 && order.length === letters.length && new Set(letters).size === letters.length;
  return sound ? { reviewerId: review.reviewerId, order } : null;
}
