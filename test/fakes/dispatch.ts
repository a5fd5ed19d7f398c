import type { Clock } from '#kernel/clock';
import { NO_METRICS } from '#contracts/metrics';
import type { CouncilDispatch } from '../../src/app/council-dispatch.ts';
import { composeDispatch } from '../../src/app/dispatch-composition.ts';
import { UNKNOWN_ROOM, type MemoryRoom } from '../../src/resources/memory-turns.ts';

/** The orchestrator as the app has it, of a device with two threads and, unless told, memory enough for all. */
export function dispatchOf(clock: Clock, room: MemoryRoom = UNKNOWN_ROOM): () => Promise<CouncilDispatch> {
  const dispatch = composeDispatch(clock, NO_METRICS, () => Promise.resolve(room), 2);
  return () => Promise.resolve(dispatch);
}
