import type { Compute } from '#contracts/leases';
import type { MemoryDemand } from './member-seat.ts';

/** What there is for models, bytes; infinite where nobody knows. */
export type MemoryRoom = Readonly<Record<Compute, number>>;

export const UNKNOWN_ROOM: MemoryRoom = { card: Infinity, processor: Infinity };

interface Demanding {
  readonly id: string;
  readonly demand: MemoryDemand | null;
}

/** Bytes that they take of one memory, all at once. */
export function bytesOn(of: Compute, members: readonly Demanding[]): number {
  return members.reduce((sum, { demand }) => sum + (demand?.of === of ? demand.bytes : 0), 0);
}

/** Those that share a memory which does not hold them all: they are in it in turn. */
export function crowded<Member extends Demanding>(
  members: readonly Member[],
  room: MemoryRoom,
): readonly (Member & { readonly demand: MemoryDemand })[] {
  return members.filter((member): member is Member & { readonly demand: MemoryDemand } => {
    const { demand } = member;
    return demand !== null && bytesOn(demand.of, members) > room[demand.of];
  });
}
