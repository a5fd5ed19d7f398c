import type { ScalabilityInput } from '#contracts/scalability';
import { finish, type Finish, type Job, type Units } from './council-time.ts';
import { waitMs } from './queue.ts';
import { cardsToday, type Scenario } from './scenario.ts';
import type { Span } from './span.ts';

/** Devices and servers in groups, each of which answers one question at a time. */
export interface Answering {
  readonly groups: number;
  /** Of the servers that were added, how many are used. */
  readonly servers: number;
  /** Time of a question that need not wait, ms. */
  readonly alone: Finish;
  /** With the wait; null where the queue grows without end, at the slow end of the interval or already in its middle. */
  readonly ms: Span | null;
  /** In the middle; null where it has no end. */
  readonly waitMs: number | null;
  /** λ · T ÷ groups, in the middle and at the slow end; from 1 on the queue grows without end. */
  readonly utilisation: Pick<Span, 'median' | 'high'>;
}

/** What a group has where all there is, is divided into so many. */
export function unitsOf(input: ScalabilityInput, scenario: Scenario, groups: number): Units {
  const { cards, servers, added } = scenario;
  const remote = Math.max(1, Math.round(input.remoteServers));
  // Where there are several groups a question may come to one that is added as a whole.
  const mine = groups === 1 ? 1 : 0;
  const today = {
    cpu: mine,
    webgpu: mine * cardsToday(input),
    remote: mine * remote,
    browser: mine,
  };
  const devices = Math.floor((1 + servers) / groups);
  const count = {
    cpu: devices,
    webgpu: cards * devices,
    remote: Math.floor((remote + servers) / groups),
    browser: devices,
  };
  return { count, today, added };
}

/** What a member does for one question; null where a time of it is not known. */
export function jobsOf(
  input: ScalabilityInput,
  scenario: Scenario,
  whole: 'writing' | 'answering',
): readonly Job[] | null {
  const jobs: Job[] = [];
  for (const member of input.members) {
    const { decodeMs, prefillMs } = member;
    if (decodeMs === null || (whole === 'answering' && prefillMs === null)) return null;
    const reading = whole === 'answering' ? (prefillMs ?? decodeMs) : null;
    const tokens = input.answerTokens;
    const [write, read] = [scenario.decode(member), scenario.prefill(member)];
    const at = (end: 'low' | 'median' | 'high'): number =>
      (reading?.[end] ?? 0) * read[end] + tokens * decodeMs[end] * write[end];
    jobs.push({
      member,
      todayMs: (reading?.median ?? 0) + tokens * decodeMs.median,
      ms: { low: at('low'), median: at('median'), high: at('high') },
    });
  }
  return jobs;
}

/** One way of sharing questions out. */
function grouped(
  input: ScalabilityInput,
  scenario: Scenario,
  jobs: readonly Job[],
  groups: number,
): Answering {
  const alone = finish(jobs, unitsOf(input, scenario, groups));
  const perMs = input.questionsPerMinute / 60_000;
  const wait = (serviceMs: number): number | null => waitMs(groups, perMs, serviceMs);
  const [low, median, high] = [wait(alone.ms.low), wait(alone.ms.median), wait(alone.ms.high)];
  const utilisation = (serviceMs: number): number => (perMs * serviceMs) / groups;
  return {
    groups,
    servers: scenario.servers,
    alone,
    ms:
      low === null || median === null || high === null
        ? null
        : { low: low + alone.ms.low, median: median + alone.ms.median, high: high + alone.ms.high },
    waitMs: median,
    utilisation: { median: utilisation(alone.ms.median), high: utilisation(alone.ms.high) },
  };
}

/** Time until all have answered in the middle; without end where it has none. */
const middle = ({ alone, waitMs: wait }: Answering): number =>
  wait === null ? Infinity : wait + alone.ms.median;

/** First whether there is an answer at the slow end too, then the time of it, then how far the queue is from an end. */
function better(a: Answering, b: Answering): Answering {
  if ((a.ms === null) !== (b.ms === null)) return a.ms === null ? b : a;
  const [timeA, timeB] = [middle(a), middle(b)];
  if (timeA !== timeB) return timeA < timeB ? a : b;
  return b.utilisation.median < a.utilisation.median ? b : a;
}

/**
 * Servers may all share one question, which is then soon done, or take turns, so that fewer wait; and what is added may
 * stand idle where it could be too slow: the best of all ways. With more there are more ways, so that it is never later.
 */
export function answering(input: ScalabilityInput, scenario: Scenario): Answering | null {
  const jobs = jobsOf(input, scenario, 'answering');
  if (jobs === null || jobs.length === 0) return null;
  let best: Answering | null = null;
  for (const cards of new Set([cardsToday(input), scenario.cards])) {
    for (let servers = 0; servers <= scenario.servers; servers += 1) {
      for (let groups = 1; groups <= 1 + servers; groups += 1) {
        const way = grouped(input, { ...scenario, cards, servers }, jobs, groups);
        best = best === null ? way : better(best, way);
      }
    }
  }
  return best;
}
