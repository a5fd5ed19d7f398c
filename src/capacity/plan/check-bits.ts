import type { InferOutput } from 'valibot';
import type { Estimate } from '#contracts/estimate';
import type { Goal, PlanCheckSchema } from '#contracts/plan';
import type { Contender } from './contender.ts';
import { firstTokenTime, type Lanes } from './council-time.ts';
import type { GoalLimits } from './goal-limits.ts';
import type { CardRoom, Room } from './room.ts';

export type CheckName = InferOutput<typeof PlanCheckSchema>['name'];

/** In the order in which a plan is put right: what can never run comes before what does not run now. */
export const CHECKS = [
  'engine-memory',
  'memory',
  'graphics-memory',
  'storage',
  'latency',
  'first-token',
  'pace',
  'families',
  'seats',
] as const satisfies readonly CheckName[];

export const bitOf = (name: CheckName): number => 1 << CHECKS.indexOf(name);

/** Looked up once: they are needed for each of many thousand councils. */
const STORAGE = bitOf('storage');
const FIRST_TOKEN = bitOf('first-token');
const PACE = bitOf('pace');
const FAMILIES = bitOf('families');
const SEATS = bitOf('seats');
const ENGINE = bitOf('engine-memory');
const MEMORY = bitOf('memory');
const GRAPHICS = bitOf('graphics-memory');
const LATENCY = bitOf('latency');

/** Checks of single models' needs added up: more members never pass where fewer do not (but for the first token). */
export const WORK_BITS = bitOf('families') - 1;

/** What councils are judged by. */
export interface Terms {
  readonly goal: Goal;
  readonly limits: GoalLimits;
  readonly room: Room;
  readonly lanes: Lanes;
  readonly mostSeats: number;
  /** Tokens that a context must hold. */
  readonly leastContext: number;
  /** Models of more than one family stand for a seat, on this device or a larger one. */
  readonly severalFamilies: boolean;
  /** The bundled council: it comes whole, so that more of its members go before all else. */
  readonly whole: boolean;
}

/** Whether the cards hold them, the largest first into the first card with room. Never says yes wrongly. */
export function cardsHold(bytes: readonly number[], { cards, membersBytes }: CardRoom): boolean {
  const left = Array.from({ length: Math.min(cards, bytes.length) }, () => membersBytes);
  return [...bytes]
    .sort((a, b) => b - a)
    .every((need) => {
      const place = left.findIndex((free) => free >= need);
      if (place < 0) return false;
      left[place] = (left[place] ?? 0) - need;
      return true;
    });
}

export function familiesOf(members: readonly Contender[]): number {
  let count = 0;
  members.forEach(({ family }, index) => {
    if (members.findIndex((member) => member.family === family) === index) count++;
  });
  return count;
}

/** Checks that neither context nor samples change. */
export function settledBits(members: readonly Contender[], terms: Terms): number {
  const { room, limits, goal } = terms;
  const first = firstTokenTime(members);
  const downloadBytes = members.reduce((sum, each) => sum + each.downloadBytes, 0);
  const slow = members.some(
    ({ speed }) => speed !== null && speed.tokensPerSecond.median < limits.tokensPerSecond,
  );
  let bits = 0;
  if (first !== null && first.high > limits.firstTokenMs) bits |= FIRST_TOKEN;
  if (slow) bits |= PACE;
  if (room.storageBytes !== null && downloadBytes > room.storageBytes) bits |= STORAGE;
  if (members.length > 1 && familiesOf(members) < 2 && terms.severalFamilies) bits |= FAMILIES;
  // The soonest answer would always be that of the smallest model alone, which is no council.
  if (goal === 'speed' && members.length < 2) bits |= SEATS;
  return bits;
}

/** @param level index into `CONTEXTS` */
export function memoryBits(members: readonly Contender[], level: number, { room }: Terms): number {
  let bits = 0;
  let mainBytes = 0;
  const cardNeeds: number[] = [];
  for (const { demands, lane } of members) {
    const demand = demands[level];
    if (demand === undefined) continue;
    mainBytes += demand.mainBytes;
    if (lane === 'card') cardNeeds.push(demand.cardBytes);
    if (lane === 'cpu' && demand.highBytes > room.engineBytes) bits |= ENGINE;
  }
  if (mainBytes > room.membersBytes) bits |= MEMORY;
  if (cardNeeds.length > 0 && room.card !== null && !cardsHold(cardNeeds, room.card)) bits |= GRAPHICS;
  return bits;
}

/** @param once time of one answer of each. Where a speed is not known nothing can be said of it. */
export function lateBit(
  members: readonly Contender[],
  once: Estimate,
  samples: number,
  { limits }: Terms,
): number {
  const known = members.every(({ speed }) => speed !== null);
  return known && once.high * samples > limits.answerMs ? LATENCY : 0;
}
