import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { Evidence, Point } from '#contracts/evidence';
import { ballotOf, samplesOfOutcome } from '../round-ballot.ts';
import { weightsIn } from '../rules/ballot-order.ts';
import { STOPPABLE } from '../shadow-record.ts';
import { evidenceOf } from './agreement.ts';
import { comparisonOf, type Point as SaidBy } from './comparison.ts';

/** Parts that ended before their vote was heard. */
const UNHEARD: ReadonlySet<MemberOutcome['status']> = new Set([
  'cut',
  'timeout',
  'lost',
  'stopped',
  'failed',
]);

/** What the record alone tells; older records tell less, and none is refused. */
export function evidenceOfRecord(record: Deliberation): Omit<Evidence, 'measured'> {
  const { id, key, members, rankings, weights, prompt, answerKind, lateWouldFlip } = record;
  const accuracies = new Map(members.map((member) => [member.id, member.accuracy ?? 0]));
  const ballot = ballotOf(members, (member) => accuracies.get(member) ?? 0, rankings, weights);
  const weightOf = weightsIn(ballot);
  const found = evidenceOf(ballot, key === null ? null : { key });
  return {
    schema: 'witan.evidence',
    version: 1,
    recordId: id,
    votes: found.votes,
    abstained: found.abstained,
    clusters: found.clusters.map((cluster) => ({
      key: cluster.key,
      answer: cluster.text,
      votes: cluster.votes,
      ...(weights === undefined
        ? {}
        : {
            weight: ballot.samples.reduce(
              (sum, sample) => sum + (sample.key === cluster.key ? weightOf(sample.memberId) : 0),
              0,
            ),
          }),
      members: [...cluster.memberIds],
      isAnswer: cluster.key === key,
    })),
    agreement: found.agreement,
    concentration: found.concentration,
    concordance: found.concordance,
    unanimous: found.unanimous,
    silent: members.flatMap(({ id: memberId, status, error }) =>
      found.silent.includes(memberId)
        ? [{ memberId, status, ...(error === undefined ? {} : { error }) }]
        : [],
    ),
    partial: partialOf(record),
    late: {
      members: members.flatMap(({ id: memberId, status }) => (status === 'late' ? [memberId] : [])),
      wouldFlip: lateWouldFlip,
    },
    comparison: answerKind === 'free' && found.votes > 1 ? compared(prompt, ballot) : null,
    heard: {
      calls: ballot.samples.length,
      tokens: ballot.samples.reduce((sum, { tokens }) => sum + tokens, 0),
    },
    stops: stopsOf(record),
  };
}

function compared(prompt: string, ballot: Parameters<typeof comparisonOf>[2]): Evidence['comparison'] {
  const { consensus, contradictions, partial, unique, blindSpots } = comparisonOf(prompt, 'free', ballot);
  return {
    consensus: consensus.map(point),
    contradictions: contradictions.map((points) => points.map(point)),
    partial: partial.map(point),
    unique: unique.map(point),
    blindSpots: [...blindSpots],
  };
}

function point({ text, memberIds }: SaidBy): Point {
  return { text, members: [...memberIds] };
}

/**
 * Votes that did not come though they could have counted. Who runs out of time is slow, and slow members are often the
 * larger and better ones, so that those that remain are no fair sample (council research A5).
 */
function partialOf({ members, stop }: Deliberation): Evidence['partial'] {
  const voted = members.filter(({ key }) => key !== null);
  const without = members.filter(
    ({ key, status }) =>
      key === null &&
      UNHEARD.has(status) &&
      // What the exact stop cuts off could not have changed anything.
      (status !== 'cut' || stop !== undefined),
  );
  if (without.length === 0) return null;
  const known = voted.flatMap(({ accuracy }) => accuracy ?? []);
  const mean = known.reduce((sum, accuracy) => sum + accuracy, 0) / known.length;
  return {
    members: without.map(({ id }) => id),
    better: without.flatMap(({ id, accuracy }) =>
      known.length > 0 && accuracy !== undefined && accuracy > mean ? [id] : [],
    ),
  };
}

function stopsOf({ shadow, rule, members, samplesEach = 1 }: Deliberation): Evidence['stops'] {
  if (shadow !== undefined) return shadow.map((stop) => ({ ...stop }));
  if (!STOPPABLE.has(rule)) return 'rule';
  const heard = members.every((member) => samplesOfOutcome(member).length >= samplesEach);
  return heard ? 'older' : 'unheard';
}
