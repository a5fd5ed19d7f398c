import type { Deliberation } from '#contracts/deliberation';
import type { WitanDatabase } from '../storage/database.ts';
import type { CapacityService } from './capacity-service.ts';

/** Where `SpeedMeasurementStore` keeps what was measured. */
const MEASUREMENTS = ['speed-measurement:cpu', 'speed-measurement:webgpu'] as const;

/**
 * Compares a round with what was predicted, on devices that were measured: most are not, and fetch none of that code. Never
 * rejects.
 */
export async function notePrediction(
  database: Promise<WitanDatabase | null>,
  capacity: () => Promise<Pick<CapacityService, 'note'>>,
  record: Deliberation,
): Promise<void> {
  try {
    const opened = await database;
    if (opened === null) return;
    const keys = await Promise.all(MEASUREMENTS.map((key) => opened.getKey('settings', key)));
    if (keys.some((key) => key !== undefined)) await (await capacity()).note(record);
  } catch {
    // The history of predictions is one entry shorter.
  }
}
