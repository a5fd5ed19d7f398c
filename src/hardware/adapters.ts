import type { Adapter } from '#contracts/hardware';
import type { ProbeEnvironment } from '#contracts/probe-environment';
import { guarded, guardedAsync, property, textOrEmpty } from './guarded.ts';

/** A driver that is starting up may take a second or two; one that takes longer is no help to a page. */
const ADAPTER_LIMIT_MS = 4_000;
const INFO_LIMIT_MS = 1_000;

const PREFERENCES = ['high-performance', 'low-power'] as const;

/** Adapters that compute on the CPU, by the names that drivers give themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b|software/i;

/** @param names all that the adapter calls itself, in one text */
export function isSoftwareAdapter(adapter: unknown, info: unknown, names: string): boolean {
  return (
    property(info, 'isFallbackAdapter') === true ||
    property(adapter, 'isFallbackAdapter') === true ||
    SOFTWARE.test(names)
  );
}

function featuresOf(features: unknown): string[] {
  return guarded<string[]>(() => {
    const iterable = typeof features === 'object' && features !== null && Symbol.iterator in features;
    const names = iterable ? [...(features as Iterable<unknown>)] : [];
    return names.filter((name) => typeof name === 'string').sort();
  }, []);
}

/** Limits are getters of a prototype, so own keys would find none. Sorted, so that two readings compare. */
function limitsOf(limits: unknown): Record<string, number> {
  if (typeof limits !== 'object' || limits === null) return {};
  const names = guarded<string[]>(() => {
    const found: string[] = [];
    for (const name in limits) found.push(name);
    return found.sort();
  }, []);
  const read = names.map((name) => [name, property(limits, name)] as const);
  return Object.fromEntries(
    read.filter((entry): entry is readonly [string, number] => Number.isFinite(entry[1])),
  );
}

async function describe(
  environment: ProbeEnvironment,
  powerPreference: Adapter['powerPreference'],
  adapter: unknown,
): Promise<Adapter> {
  const info = await guardedAsync<unknown>(
    environment.clock,
    INFO_LIMIT_MS,
    () => Promise.resolve(property(adapter, 'info')),
    undefined,
  );
  const [vendor, architecture, device, description] = ['vendor', 'architecture', 'device', 'description'].map(
    (name) => textOrEmpty(property(info, name)),
  );
  const names = [vendor, architecture, device, description].join(' ');
  return {
    powerPreference,
    vendor: vendor ?? '',
    architecture: architecture ?? '',
    device: device ?? '',
    description: description ?? '',
    fallback: isSoftwareAdapter(adapter, info, names),
    features: featuresOf(property(adapter, 'features')),
    limits: limitsOf(property(adapter, 'limits')),
  };
}

/** What each power preference returns, in that order; a request that fails or hangs returns nothing. */
export async function readAdapters(environment: ProbeEnvironment): Promise<Adapter[]> {
  const read = PREFERENCES.map(async (preference) => {
    const adapter = await guardedAsync<unknown>(
      environment.clock,
      ADAPTER_LIMIT_MS,
      () => environment.requestAdapter(preference),
      null,
    );
    return typeof adapter === 'object' && adapter !== null
      ? describe(environment, preference, adapter)
      : null;
  });
  return (await Promise.all(read)).filter((adapter) => adapter !== null);
}
