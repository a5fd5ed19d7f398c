import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { TIERS, type Tier } from '#contracts/hardware';
import { MicroReportSchema } from '#contracts/micro-bench';
import type { WitanDatabase } from './database.ts';

/** A measurement, and the machine and browser that it holds for, as whoever keeps it names them. */
export const KeptMeasurementSchema = v.object({
  schema: v.literal('witan.device-measurement'),
  version: v.literal(1),
  machine: v.string(),
  report: MicroReportSchema,
});
export type KeptMeasurement = v.InferOutput<typeof KeptMeasurementSchema>;

export const KeptVisitSchema = v.object({
  schema: v.literal('witan.device-visit'),
  version: v.literal(1),
  machine: v.string(),
  tier: v.picklist(TIERS),
});
export type KeptVisit = v.InferOutput<typeof KeptVisitSchema>;

const KeptTierSchema = v.object({
  schema: v.literal('witan.device-tier'),
  version: v.literal(1),
  tier: v.nullable(v.picklist(TIERS)),
});

/** Where each lies in the store of the settings, by its schema. */
const RECORDS = {
  'device-measurement': KeptMeasurementSchema,
  'device-visit': KeptVisitSchema,
  'device-tier': KeptTierSchema,
} as const;
type Key = keyof typeof RECORDS;
type Kept<K extends Key> = v.InferOutput<(typeof RECORDS)[K]>;

/**
 * What is kept of this device: its newest measurement, the tier of the last visit, and the user's own word on it. What
 * cannot be read (another version wrote it, or it is damaged) counts as absent and is left alone. Without a database
 * (private modes), and where a write fails, it holds as long as the tab does.
 */
export class DeviceStore {
  readonly #database: WitanDatabase | null;
  readonly #memory = new Map<Key, unknown>();

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  async measurement(): Promise<KeptMeasurement | null> {
    return this.#read('device-measurement');
  }

  /** Errors: storage-failed (it then holds in this tab alone), as for every `keep`. */
  async keepMeasurement(kept: Omit<KeptMeasurement, 'schema' | 'version'>): Promise<Outcome<null>> {
    return this.#write('device-measurement', { schema: 'witan.device-measurement', version: 1, ...kept });
  }

  async visit(): Promise<KeptVisit | null> {
    return this.#read('device-visit');
  }

  async keepVisit(kept: Omit<KeptVisit, 'schema' | 'version'>): Promise<Outcome<null>> {
    return this.#write('device-visit', { schema: 'witan.device-visit', version: 1, ...kept });
  }

  /** Null where the user set none. */
  async tier(): Promise<Tier | null> {
    return (await this.#read('device-tier'))?.tier ?? null;
  }

  async keepTier(tier: Tier | null): Promise<Outcome<null>> {
    return this.#write('device-tier', { schema: 'witan.device-tier', version: 1, tier });
  }

  async #read<K extends Key>(key: K): Promise<Kept<K> | null> {
    try {
      const kept: unknown = this.#memory.get(key) ?? (await this.#database?.get('settings', key));
      const parsed = v.safeParse(RECORDS[key], kept);
      return parsed.success ? parsed.output : null;
    } catch {
      return null;
    }
  }

  async #write<K extends Key>(key: K, record: Kept<K>): Promise<Outcome<null>> {
    // First, so that this tab reads what it wrote whatever becomes of the rest.
    this.#memory.set(key, record);
    if (this.#database === null) return ok(null);
    try {
      const transaction = this.#database.transaction('settings', 'readwrite');
      const before: unknown = await transaction.store.get(key);
      const foreign = before !== undefined && !v.is(RECORDS[key], before);
      if (!foreign) await transaction.store.put(record, key);
      await transaction.done;
      if (foreign) return err(failure('storage-failed', { store: 'settings', reason: 'other-version' }));
      this.#memory.delete(key);
      return ok(null);
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'settings' }, thrown));
    }
  }
}
