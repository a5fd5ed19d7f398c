import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { SettingsPort } from '#contracts/ports';
import type { MemberChoice } from '#contracts/settings';
import type { WitanDatabase } from '../storage/database.ts';
import { SETTINGS_KEY } from '../storage/settings-key.ts';
import { deferredPort } from './deferred-port.ts';
import type { FurtherMembers } from './further-members.ts';
import type { FurtherServicesPorts } from './further-services.ts';
import { lazily } from './lazily.ts';

/** A look at the stored settings without their schema; whatever cannot be understood is for the schema to say. */
async function hasChosen(database: Promise<WitanDatabase | null>): Promise<boolean> {
  try {
    const stored: unknown = await (await database)?.get('settings', SETTINGS_KEY);
    return typeof stored === 'object' && stored !== null && Reflect.get(stored, 'members') !== null;
  } catch {
    return true;
  }
}

export interface LazySettings {
  readonly port: SettingsPort;
  /** The seats as the user chose them; null: the bundled council. Errors: record-invalid, storage-failed. */
  readonly chosen: () => Promise<Outcome<readonly MemberChoice[] | null>>;
  readonly furtherMembers: () => Promise<FurtherMembers>;
}

/** The settings, and the engines beyond the bundled models: their code is fetched with its first use. */
export function lazySettings(ports: FurtherServicesPorts): LazySettings {
  const listeners = new Set<() => void>();
  let asked = false;
  const services = lazily(async () => {
    asked = true;
    const { furtherServices } = await import('./further-services.ts');
    return furtherServices(ports, () => {
      for (const listener of [...listeners]) listener();
    });
  });
  const settings = deferredPort<Omit<SettingsPort, 'remote' | 'subscribe'>>(
    async () => (await services()).settings,
  );
  return {
    port: {
      read: settings.read,
      choose: settings.choose,
      allowBuiltIn: settings.allowBuiltIn,
      builtIn: settings.builtIn,
      offers: settings.offers,
      removeFiles: settings.removeFiles,
      remote: async () => (await services()).remote,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    chosen: async () => {
      // Most people never choose: then none of that code is fetched.
      if (!asked && !(await hasChosen(ports.database))) return ok(null);
      const read = await settings.read();
      return read.ok ? ok(read.value.members) : read;
    },
    furtherMembers: async () => (await services()).members,
  };
}
