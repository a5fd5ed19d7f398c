import fc from 'fast-check';
import type { Ballot, Ranking, RuleMember, Sample } from '#contracts/rules';

export const KEYS = ['x', 'y', 'z'] as const;
const IDS = ['m0', 'm1', 'm2', 'm3', 'm4'] as const;
const TEXTS = ['a red fox', 'the red fox runs', 'a blue whale', 'whales are blue', 'fox', '...'] as const;

/** A sample with what a test does not care about filled in. */
export function sample(
  memberId: string,
  index: number,
  key: string | null,
  more: Partial<Sample> = {},
): Sample {
  return { memberId, index, key, text: key ?? '', tokens: 1, confidence: null, arrival: index, ...more };
}

/** Samples of each member from a table: `{ a: 'xx-' }` are two votes for x and an abstention. */
export function ballotOf(
  said: Readonly<Record<string, string>>,
  accuracies: Readonly<Record<string, number>> = {},
): Ballot {
  const members = Object.keys(said).map((id) => ({ id, accuracy: accuracies[id] ?? 0.5 }));
  const samples = Object.entries(said).flatMap(([id, keys]) =>
    [...keys].map((key, index) => sample(id, index, key === '-' ? null : key)),
  );
  return { members, samples };
}

const member = (id: string): fc.Arbitrary<RuleMember> =>
  // Few values, so that members are often equally accurate.
  fc.constantFrom(0.5, 0.6, 0.7).map((accuracy) => ({ id, accuracy }));

function samplesFor(id: string, most: number): fc.Arbitrary<Sample[]> {
  const one = fc.record({
    key: fc.option(fc.constantFrom<string>(...KEYS), { freq: 4 }),
    text: fc.constantFrom(...TEXTS),
    tokens: fc.nat(20),
    confidence: fc.option(fc.constantFrom(0, 0.2, 0.5, 0.9, 1), { freq: 3 }),
    arrival: fc.nat(9),
  });
  return fc
    .array(one, { maxLength: most })
    .map((all) => all.map((each, index) => ({ ...each, memberId: id, index })));
}

/** Rankings of each other's answers, some partial, some missing. */
function rankingsFor(ids: readonly string[]): fc.Arbitrary<Ranking[]> {
  const one = (reviewerId: string): fc.Arbitrary<Ranking[]> =>
    fc
      .option(fc.shuffledSubarray(ids.filter((id) => id !== reviewerId)))
      .map((order) => (order === null || order.length === 0 ? [] : [{ reviewerId, order }]));
  return fc.tuple(...ids.map(one)).map((each) => each.flat());
}

/** Ballots of any kind: equal accuracies, abstentions, members without a sample, partial rankings. */
export function ballots({ members = 4, samples = 4 } = {}): fc.Arbitrary<Ballot> {
  return fc.integer({ min: 1, max: members }).chain((count) => {
    const ids = IDS.slice(0, count);
    return fc.record({
      members: fc.tuple(...ids.map(member)),
      samples: fc.tuple(...ids.map((id) => samplesFor(id, samples))).map((each) => each.flat()),
      rankings: rankingsFor(ids),
    });
  });
}

/** All ways to put items in order. */
export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, at) =>
    permutations(items.filter((_, index) => index !== at)).map((rest) => [first, ...rest]),
  );
}
