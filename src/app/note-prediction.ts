import type { Deliberation } from '#contracts/deliberation';
import type { WitanDatabase } from '../storage/database.ts';
import type { CapacityService } from './capacity-service.ts';
import type { RoundCircumstances } from './round-verdicts.ts';

/** Where `SpeedMeasurementStore` keeps what was measured. */
const MEASUREMENTS = ['speed-measurement:cpu', 'speed-measurement:webgpu'] as const;

async function wasMeasured(database: WitanDatabase | null): Promise<boolean> {
  if (database === null) return false;
  const keys = await Promise.all(MEASUREMENTS.map((key) => database.getKey('settings', key)));
  return keys.some((key) => key !== undefined);
}

/**
 * Compares a round with what was predicted, on devices that were measured, and of models whose engine says what memory they
 * take: most have bundled models alone and were not measured, and fetch none of that code. Never rejects.
 */
export async function notePrediction(
  database: Promise<WitanDatabase | null>,
  capacity: () => Promise<Pick<CapacityService, 'note'>>,
  record: Deliberation,
  circumstances: RoundCircumstances,
): Promise<void> {
  try {
    const tellsMemory = [...circumstances.loaded.values()].some(({ memory }) => memory !== undefined);
    if (tellsMemory || (await wasMeasured(await database)))
      await (await capacity()).note(record, circumstances);
  } catch {
    // The history of predictions is one entry shorter.
  }
}
