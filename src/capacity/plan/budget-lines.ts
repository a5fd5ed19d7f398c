import type { Budget } from '#contracts/plan';
import type { Contender, Demand } from './contender.ts';
import type { Room } from './room.ts';

type Line = Budget['lines'][number];

const shared = (name: Line['name'], bytes: number): Line => ({ name, member: null, bytes });

interface Seat {
  readonly id: string;
  readonly demand: Demand;
}

/** What a member holds in one memory: its parts, and how far its upper end lies above them. */
function memberLines(
  { id, demand }: Seat,
  parts: readonly ('engine' | 'weights' | 'cache' | 'scratch')[],
): Line[] {
  const bytes = {
    engine: demand.engineBytes,
    weights: demand.weightsBytes,
    cache: demand.cacheBytes,
    scratch: demand.scratchBytes,
  };
  return parts.map((name) => ({ name, member: id, bytes: bytes[name] }));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const bytesIn = (lines: readonly Line[]): number => sum(lines.map(({ bytes }) => bytes));

const seatsOf = (members: readonly Contender[], level: number): Seat[] =>
  members.flatMap(({ id, demands }) => {
    const demand = demands[level];
    return demand === undefined ? [] : [{ id, demand }];
  });

/**
 * What becomes of the device's memory. Whole bytes, so that the lines add up exactly.
 * @param members that fit
 */
export function memoryBudget(room: Room, members: readonly Contender[], level: number): Budget {
  const onOwnCard = room.card?.told === true;
  const here = members.filter(({ lane }) => lane !== 'remote');
  const lines = seatsOf(here, level).flatMap((seat, index) =>
    memberLines(
      seat,
      onOwnCard && here[index]?.lane === 'card' ? ['engine'] : ['engine', 'weights', 'cache', 'scratch'],
    ),
  );
  const highBytes = sum(seatsOf(here, level).map(({ demand }) => demand.mainBytes));
  const fixed = [shared('system', room.systemBytes), shared('page', room.pageBytes)];
  const reserve = shared('reserve', room.spareBytes + highBytes - bytesIn(lines));
  const taken = bytesIn([...fixed, ...lines, reserve]);
  return {
    totalBytes: room.totalBytes,
    source: room.source,
    lines: [...fixed, ...lines, reserve, shared('free', room.totalBytes - taken)],
  };
}

/** The same of the cards together; null where they may share the device's memory, which is then counted above. */
export function graphicsBudget(room: Room, members: readonly Contender[], level: number): Budget | null {
  const onCard = members.filter(({ lane }) => lane === 'card');
  if (room.card === null || !room.card.told || onCard.length === 0) return null;
  const { cards } = room.card;
  const totalBytes = room.card.totalBytes * cards;
  const seats = seatsOf(onCard, level);
  const lines = seats.flatMap((seat) => memberLines(seat, ['weights', 'cache', 'scratch']));
  const highBytes = sum(seats.map(({ demand }) => demand.cardBytes));
  const spareBytes = Math.ceil(room.card.membersBytes / 9) * cards;
  const systemBytes = totalBytes - (room.card.membersBytes * cards + spareBytes);
  const reserve = shared('reserve', spareBytes + highBytes - bytesIn(lines));
  const fixed = [shared('system', systemBytes)];
  const taken = bytesIn([...fixed, ...lines, reserve]);
  return {
    totalBytes,
    source: 'typed',
    lines: [...fixed, ...lines, reserve, shared('free', totalBytes - taken)],
  };
}
