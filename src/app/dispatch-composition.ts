import type { Clock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { MetricWriter } from '#contracts/metrics';
import { UNKNOWN_ROOM, type MemoryRoom } from '../resources/memory-turns.ts';
import { LeaseLedger } from '../resources/lease-ledger.ts';
import { CouncilDispatch } from './council-dispatch.ts';

/** Of those that browsers tell of, computations use one. */
const CARDS = 1;

/** @param threads of the processor; browsers that tell of none say nothing, or 0 */
export function composeDispatch(
  clock: Clock,
  metrics: MetricWriter,
  room: () => Promise<MemoryRoom>,
  threads: number,
): CouncilDispatch {
  const units = { card: CARDS, processor: Math.max(1, Math.floor(threads) || 1) };
  const turns = { cards: units.card, threads: units.processor };
  const leases = new LeaseLedger(clock, { memoryBytes: UNKNOWN_ROOM, ...turns });
  const takeStock = async (): Promise<void> => {
    leases.setBudget({ memoryBytes: await room(), ...turns });
  };
  return new CouncilDispatch({ clock, random: seededRandom(1), metrics, leases, takeStock, units });
}
