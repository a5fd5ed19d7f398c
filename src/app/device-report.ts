import type { Clock } from '#kernel/clock';
import type { HardwareProfile, ProbeReport } from '#contracts/hardware';
import { MICRO_NAMES, type MicroName, type MicroReport } from '#contracts/micro-bench';
import { readHardwareProfile } from '../hardware/probe.ts';
import { classifyTier, probeReport } from '../hardware/tier.ts';
import { machineOf, measuredMachineOf } from '../hardware/tier-visit.ts';
import { browserProbeEnvironment } from '../platform/probe-environment.ts';
import type { DeviceStore } from '../storage/device-store.ts';

/** What the browser tells of this machine now, nothing measured in it. */
export function readProfile(clock: Clock, refreshIntervalMs: () => number | null): Promise<HardwareProfile> {
  return readHardwareProfile(browserProbeEnvironment(clock, refreshIntervalMs));
}

/** Figures that say something of this device: what a software adapter computes is no graphics card's. */
function countedFigures({ figures, conditions }: MicroReport): readonly MicroName[] {
  return MICRO_NAMES.filter(
    (name) => figures[name] !== undefined && !(conditions.fallback && name.startsWith('gpu')),
  );
}

/** The profile with the medians of the measurement in it, each with its unit in its name. */
export function withFigures(profile: HardwareProfile, report: MicroReport): HardwareProfile {
  const medians = countedFigures(report).map((name) => [name, report.figures[name]?.median ?? 0] as const);
  return { ...profile, micro: { ...profile.micro, ...Object.fromEntries(medians) } };
}

/**
 * The tier of this machine by what it tells, what was measured of it, and what the last visit and the user said; keeps the
 * tier for the next visit. What was measured on another machine, graphics card or browser version is not used: a profile
 * that is copied along, an external card that is pulled out and an engine that is renewed all change the figures.
 * @param store null where its code or the database is out of reach
 */
export async function judge(profile: HardwareProfile, store: DeviceStore | null): Promise<ProbeReport> {
  const [kept, visit, override] = await Promise.all([
    store?.measurement() ?? null,
    store?.visit() ?? null,
    store?.tier() ?? null,
  ]);
  const measured = kept?.machine === measuredMachineOf(profile) ? kept.report : null;
  const known = measured === null ? profile : withFigures(profile, measured);
  const unstable =
    measured === null
      ? []
      : countedFigures(measured).filter((name) => measured.figures[name]?.stable === false);
  const machine = machineOf(known);
  const verdict = classifyTier(known, {}, visit ?? undefined, unstable);
  if (visit?.tier !== verdict.tier || visit.machine !== machine) {
    // Unkept it costs the next visit its memory, nothing else.
    await store?.keepVisit({ machine, tier: verdict.tier });
  }
  const shown = override === null ? verdict : classifyTier(known, { tier: override }, undefined, unstable);
  return probeReport(known, shown, { measured, override });
}
