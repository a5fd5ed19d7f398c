import type { Ballot, Rule, Sample } from '#contracts/rules';
import { membersBestFirst, samplesOf } from '../rules/ballot-order.ts';
import { countedRankings } from '../rules/rankings.ts';
import type { Stop } from './stop.ts';

/** What one stop would have done to one vote that was heard to its end. */
export interface ShadowStop {
  readonly name: string;
  /** Samples that had come when it would have stopped; null: it would not have. */
  readonly after: number | null;
  /** Samples, and their tokens, that would not have been needed. A sample cut midway would have cost a part of its tokens. */
  readonly callsSaved: number;
  readonly tokensSaved: number;
  /** Its key is not what the rule says of the whole ballot. */
  readonly changed: boolean;
}

export interface ShadowRecord {
  readonly calls: number;
  readonly tokens: number;
  readonly stops: readonly ShadowStop[];
}

/** Samples in the order in which they came; of those that came together the better member's first. */
export function byArrival(ballot: Ballot): readonly Sample[] {
  return membersBestFirst(ballot)
    .flatMap(({ id }) => samplesOf(ballot, id))
    .sort((a, b) => a.arrival - b.arrival);
}

function tokensOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { tokens }) => sum + tokens, 0);
}

/**
 * Plays a recorded ballot in order of arrival and says for every stop when it would have ended the vote. Samples on record
 * are what was planned: after each, all that had not come yet counts as outstanding. Rankings are taken as they are.
 * @param rule what decides the vote when it is heard to its end
 */
export function shadowOf(ballot: Ballot, rule: Rule, stops: ReadonlyMap<string, Stop>): ShadowRecord {
  const arrivals = byArrival(ballot);
  const whole = rule(ballot)?.key ?? null;
  return {
    calls: arrivals.length,
    tokens: tokensOf(arrivals),
    stops: [...stops].map(([name, stop]) => {
      for (let heard = 1; heard < arrivals.length; heard += 1) {
        const rest = arrivals.slice(heard);
        const outstanding = new Map<string, number>();
        for (const { memberId } of rest) outstanding.set(memberId, (outstanding.get(memberId) ?? 0) + 1);
        const key = stop({ ballot: { ...ballot, samples: arrivals.slice(0, heard) }, outstanding });
        if (key === null) continue;
        return {
          name,
          after: heard,
          callsSaved: rest.length,
          tokensSaved: tokensOf(rest),
          changed: key !== whole,
        };
      }
      return { name, after: null, callsSaved: 0, tokensSaved: 0, changed: false };
    }),
  };
}

/**
 * The same for rankings, in the order in which they stand in the ballot: how many reviews `stop` would have saved.
 * @param rule what decides when all rankings are in
 */
export function shadowOfRankings(
  ballot: Ballot,
  rule: Rule,
  stop: Stop,
): { readonly reviews: number; readonly saved: number; readonly changed: boolean } {
  const counted = new Set(countedRankings(ballot).map(({ reviewerId }) => reviewerId));
  const rankings = (ballot.rankings ?? []).filter(({ reviewerId }) => counted.has(reviewerId));
  for (let heard = 1; heard < rankings.length; heard += 1) {
    const reviewing = rankings.slice(heard).map(({ reviewerId }) => reviewerId);
    const key = stop({
      ballot: { ...ballot, rankings: rankings.slice(0, heard) },
      outstanding: new Map(),
      reviewing,
    });
    if (key !== null) {
      return { reviews: rankings.length, saved: reviewing.length, changed: key !== rule(ballot)?.key };
    }
  }
  return { reviews: rankings.length, saved: 0, changed: false };
}

/** Sums over many votes, by name of the stop. */
export interface ShadowTotal {
  readonly name: string;
  readonly votes: number;
  readonly stopped: number;
  readonly calls: number;
  readonly callsSaved: number;
  readonly tokens: number;
  readonly tokensSaved: number;
  readonly changed: number;
}

export function shadowTotals(records: readonly ShadowRecord[]): readonly ShadowTotal[] {
  const totals = new Map<string, ShadowTotal>();
  const none = { votes: 0, stopped: 0, calls: 0, callsSaved: 0, tokens: 0, tokensSaved: 0, changed: 0 };
  for (const { calls, tokens, stops } of records) {
    for (const { name, after, callsSaved, tokensSaved, changed } of stops) {
      const sum = totals.get(name) ?? { name, ...none };
      totals.set(name, {
        name,
        votes: sum.votes + 1,
        stopped: sum.stopped + (after === null ? 0 : 1),
        calls: sum.calls + calls,
        callsSaved: sum.callsSaved + callsSaved,
        tokens: sum.tokens + tokens,
        tokensSaved: sum.tokensSaved + tokensSaved,
        changed: sum.changed + (changed ? 1 : 0),
      });
    }
  }
  return [...totals.values()];
}
