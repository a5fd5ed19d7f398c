import { MOST_MEMBERS } from '#contracts/settings';
import type { RecordedBallot, RecordHead } from '#contracts/calibration';
import { MOST_SAMPLES } from './most-samples.ts';
import type { WholeRecord } from './record-lines.ts';

function isHead({ members, samples, extra }: RecordHead): boolean {
  const ids = new Set(members.map(({ id }) => id));
  return (
    members.length > 0 &&
    members.length <= MOST_MEMBERS &&
    ids.size === members.length &&
    samples <= MOST_SAMPLES &&
    (extra === null || (ids.has(extra.memberId) && extra.samples <= MOST_SAMPLES * MOST_MEMBERS))
  );
}

/** Every member has given every answer that the head promises, once; nobody else has. */
function isWhole({ samples }: RecordedBallot, head: RecordHead): boolean {
  const asked = head.members.flatMap(({ id }) =>
    Array.from(
      { length: head.extra?.memberId === id ? head.extra.samples : head.samples },
      (_, index) => `${String(index)} ${id}`,
    ),
  );
  const given = new Set(samples.map(({ memberId, index }) => `${String(index)} ${memberId}`));
  return (
    samples.length === asked.length && given.size === asked.length && asked.every((each) => given.has(each))
  );
}

/**
 * Where lines that parse make no record that a run of ours could have left: a table with holes would compare different
 * questions.
 * @returns the number of the line, from 1; null: none
 */
export function recordFault({ head, ballots }: WholeRecord): number | null {
  if (!isHead(head)) return 1;
  const seen = new Set<string>();
  for (const [index, ballot] of ballots.entries()) {
    if (seen.has(ballot.question.id) || !isWhole(ballot, head)) return index + 2;
    seen.add(ballot.question.id);
  }
  return null;
}
