import type { Clock } from '#kernel/clock';
import { PRESSURES, type HardwareProfile } from '#contracts/hardware';
import type { ProbeEnvironment } from '#contracts/probe-environment';
import { readAdapters } from './adapters.ts';
import { measureClockStepUs } from './clock-step.ts';
import { guarded, guardedAsync, numberOrNull, positiveOrNull, property, textOrEmpty } from './guarded.ts';

/** Storage answers in milliseconds where it works; a blocked disk must not hold the Device page. */
const STORAGE_LIMIT_MS = 3_000;

/** Chromium asks the system once and then remembers. */
const BATTERY_LIMIT_MS = 500;
/** A first state may take a second, until the next probe it is there: no probe waits so long for it. */
const PRESSURE_LIMIT_MS = 250;

function isTrue(read: () => unknown): boolean {
  return guarded(read, false) === true;
}

/** True when the attempt resolves in time. */
function works(clock: Clock, attempt: () => Promise<void>): Promise<boolean> {
  return guardedAsync(clock, STORAGE_LIMIT_MS, async () => attempt().then(() => true), false);
}

async function readStorage(environment: ProbeEnvironment): Promise<HardwareProfile['storage']> {
  const { clock } = environment;
  const [estimate, persisted, opfs, indexedDb] = await Promise.all([
    guardedAsync<unknown>(clock, STORAGE_LIMIT_MS, () => environment.storageEstimate(), null),
    guardedAsync<unknown>(clock, STORAGE_LIMIT_MS, () => environment.persisted(), null),
    works(clock, () => environment.tryOpfs()),
    works(clock, () => environment.tryIndexedDb()),
  ]);
  return {
    quotaBytes: numberOrNull(property(estimate, 'quota')),
    usageBytes: numberOrNull(property(estimate, 'usage')),
    persisted: typeof persisted === 'boolean' ? persisted : null,
    opfs,
    indexedDb,
  };
}

async function readPower(environment: ProbeEnvironment): Promise<HardwareProfile['power']> {
  const battery = await guardedAsync<unknown>(
    environment.clock,
    BATTERY_LIMIT_MS,
    () => environment.battery(),
    null,
  );
  const charging = property(battery, 'charging');
  const level = numberOrNull(property(battery, 'level'));
  const power = {
    charging: typeof charging === 'boolean' ? charging : null,
    level: level !== null && level <= 1 ? level : null,
  };
  return power.charging === null && power.level === null ? null : power;
}

async function readPressure(environment: ProbeEnvironment): Promise<HardwareProfile['pressure']> {
  const { clock } = environment;
  const state = await guardedAsync<unknown>(clock, PRESSURE_LIMIT_MS, () => environment.pressure(), null);
  return PRESSURES.find((known) => known === state) ?? null;
}

/**
 * Reads everything this browser tells about the machine. Never rejects and never hangs: what is missing, throws or
 * does not answer in time is null, false or empty. Takes at most about 5 s, on healthy machines well under one.
 */
export async function readHardwareProfile(environment: ProbeEnvironment): Promise<HardwareProfile> {
  const hasWebGpu = isTrue(() => environment.hasWebGpu());
  const [adapters, storage, power, pressure] = await Promise.all([
    hasWebGpu ? readAdapters(environment) : [],
    readStorage(environment),
    readPower(environment),
    readPressure(environment),
  ]);
  const unsupported = hasWebGpu ? 'no-adapter' : 'unsupported';
  return {
    schema: 'witan.hardware-profile',
    version: 1,
    adapters,
    webgpu: adapters.length > 0 ? 'available' : unsupported,
    cores: positiveOrNull(guarded(() => environment.cores(), null)),
    deviceMemoryGiB: positiveOrNull(guarded(() => environment.deviceMemoryGiB(), null)),
    cpuPerformance: numberOrNull(guarded(() => environment.cpuPerformance(), null)),
    power,
    pressure,
    storage,
    isolated: isTrue(() => environment.isolated()),
    clockStepUs: guarded(() => measureClockStepUs(() => environment.fineClockMs()), 0),
    refreshIntervalMs: positiveOrNull(guarded(() => environment.refreshIntervalMs(), null)),
    features: {
      wasmSimd: isTrue(() => environment.wasmSimd()),
      jspi: isTrue(() => environment.jspi()),
      sharedArrayBuffer: isTrue(() => environment.sharedArrayBuffer()),
      serviceWorker: isTrue(() => environment.serviceWorker()),
    },
    micro: {},
    userAgent: textOrEmpty(guarded(() => environment.userAgent(), '')),
    platform: textOrEmpty(guarded(() => environment.platform(), '')),
  };
}
