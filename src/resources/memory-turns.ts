import type { MemberMemory } from '#contracts/council';
import { COMPUTE, type Compute } from '#contracts/leases';
import type { ManagedMember } from './managed-member.ts';
import type { MemoryDemand } from './member-seat.ts';

/** What there is for models, bytes; infinite where nobody knows. */
export type MemoryRoom = Readonly<Record<Compute, number>>;

export const UNKNOWN_ROOM: MemoryRoom = { card: Infinity, processor: Infinity };

/** Bytes that they take of one memory, all at once. */
function bytesOn(of: Compute, members: readonly ManagedMember[]): number {
  return members.reduce((sum, { demand }) => sum + (demand?.of === of ? demand.bytes : 0), 0);
}

/** Members that memory does not hold all at once come into it in turn, when they are asked. */
export class MemoryTurns {
  readonly #room: () => Promise<MemoryRoom>;
  #taking: ReadonlySet<ManagedMember> = new Set();

  constructor(room: () => Promise<MemoryRoom>) {
    this.#room = room;
  }

  has(member: ManagedMember): boolean {
    return this.#taking.has(member);
  }

  /**
   * Decides anew who of the wanted come in turn. What is in their way goes: members that are there and that nobody wants now.
   * @param all the wanted among them
   */
  async assign(
    wanted: readonly ManagedMember[],
    all: readonly ManagedMember[],
  ): Promise<ReadonlyMap<ManagedMember, MemberMemory>> {
    const room = await this.#room();
    const turns = new Map<ManagedMember, MemberMemory>();
    for (const of of COMPUTE) {
      const here = wanted.filter(({ demand }) => demand?.of === of);
      const others = all.filter(
        (member) => member.loaded !== null && member.demand?.of === of && !wanted.includes(member),
      );
      const bytes = bytesOn(of, here);
      if (bytes + bytesOn(of, others) > room[of]) await Promise.all(others.map((member) => member.unload()));
      if (bytes <= room[of]) continue;
      for (const member of here) turns.set(member, memoryOf(member, member.demand, room));
    }
    // Who was loaded while there was room for all is in nobody's account.
    const entering = [...turns.keys()].filter((member) => !this.has(member));
    await Promise.all(entering.map((member) => member.unload()));
    this.#taking = new Set(turns.keys());
    return turns;
  }
}

function memoryOf(member: ManagedMember, demand: MemoryDemand | null, room: MemoryRoom): MemberMemory {
  const { of, bytes } = demand ?? { of: 'processor', bytes: 0 };
  return {
    of,
    bytes: Math.min(bytes, room[of]), // one that is larger than all there is: loading tells
    open: (signal) => member.wake(signal),
    close: () => member.unload(),
  };
}
