import type { ProbePort } from '#contracts/ports';
import { roomOf } from '../capacity/plan/room.ts';
import { MemoryTurns, UNKNOWN_ROOM, type MemoryRoom } from '../resources/memory-turns.ts';
import { lazily } from './lazily.ts';
import { deviceFigures } from './what-if-device.ts';

const NEVER = new AbortController().signal;

/**
 * What memory this device has for models, as plans have it; infinite where the browser does not tell, or tells only that there
 * is at least so much: members are kept out of memory by what is known, not by what is feared.
 */
export async function deviceRoom(device: ProbePort): Promise<MemoryRoom> {
  const probe = await device.probe(NEVER);
  if (!probe.ok) return UNKNOWN_ROOM;
  const { memory, graphics } = deviceFigures(probe.value, 1, {});
  const { tier } = probe.value;
  const { membersBytes, card } = roomOf({ tier, memory, graphics, engineBytes: 0, storageBytes: null });
  return {
    processor: memory.bytes === null || memory.floor ? Infinity : membersBytes,
    card: card?.told === true ? card.membersBytes : Infinity,
  };
}

/** @param limit of a test, in place of what the device has */
export function composeMemory(
  device: ProbePort,
  limit: () => MemoryRoom | null,
): { readonly room: () => Promise<MemoryRoom>; readonly turns: MemoryTurns } {
  const told = lazily(() => deviceRoom(device));
  const room = async (): Promise<MemoryRoom> => limit() ?? told();
  return { room, turns: new MemoryTurns(room) };
}
