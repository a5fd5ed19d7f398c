import type { BenchResult } from '#contracts/bench';
import type { Adapter, HardwareProfile, Tier } from '#contracts/hardware';

/** A day of the Unix epoch in milliseconds. */
const DAY_MS = 86_400_000;
/** What is recorded when no refresh interval could be measured. */
const UNKNOWN = 0;

export interface BenchSubject {
  readonly app: string;
  /** Milliseconds since the Unix epoch. */
  readonly epochMs: number;
  readonly profile: HardwareProfile;
  readonly tier: Tier;
  /** Threads that the members really used. */
  readonly threads: number;
  /** From `councilFingerprint`. */
  readonly council: string;
}

/** Browser patterns, narrower before wider: Edge and Opera also say "Chrome", Chrome also says "Safari". */
const BROWSERS: readonly (readonly [string, RegExp])[] = [
  ['Edge', /Edg(?:A|iOS)?\/(\d+)/],
  ['Opera', /OPR\/(\d+)/],
  ['Samsung Internet', /SamsungBrowser\/(\d+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['Headless Chrome', /HeadlessChrome\/(\d+)/],
  ['Chrome', /(?:Chrome|CriOS)\/(\d+)/],
  ['Safari', /Version\/([\d.]+).*Safari\//],
];

/** Name and major version, e.g. `Chrome 141`. */
export function browserName(userAgent: string): string {
  for (const [name, pattern] of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'unknown browser';
}

const SYSTEMS: readonly (readonly [string, RegExp])[] = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad|iPod/],
  ['ChromeOS', /CrOS/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X|Macintosh/],
  ['Linux', /Linux|X11/],
];

/** Family only: browsers freeze the version they report. An iPad that asks for desktop pages says macOS. */
export function systemName(userAgent: string): string {
  return SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'unknown system';
}

function adapterName({ vendor, architecture, description, fallback }: Adapter): string {
  const name =
    description === '' ? [vendor, architecture].filter((part) => part !== '').join(' ') : description;
  return `${name === '' ? 'unnamed adapter' : name}${fallback ? ' (software)' : ''}`;
}

/** The adapter that would be used, or why there is none. */
export function gpuName(profile: HardwareProfile): string {
  const first = profile.adapters.find((adapter) => !adapter.fallback) ?? profile.adapters[0];
  return first === undefined ? 'none' : adapterName(first);
}

/** The part of a result that says on what it was measured; no more than a person would write by hand. */
export function benchEnvironment(subject: BenchSubject): BenchResult['environment'] {
  const { profile } = subject;
  return {
    app: subject.app,
    day: Math.floor(subject.epochMs / DAY_MS),
    browser: browserName(profile.userAgent),
    os: systemName(profile.userAgent),
    cores: profile.cores,
    deviceMemoryGiB: profile.deviceMemoryGiB,
    gpu: gpuName(profile),
    tier: subject.tier,
    isolated: profile.isolated,
    clockStepUs: profile.clockStepUs,
    refreshIntervalMs: profile.refreshIntervalMs ?? UNKNOWN,
    council: subject.council,
    threads: subject.threads,
  };
}

/**
 * First eight hexadecimal digits of the SHA-256 of the members' file hashes, or ids where no hash is known (sorted, joined by newlines): two results
 * with the same value measured the same models. Empty on an insecure origin, where browsers have no SHA-256.
 */
export async function councilFingerprint(memberSha256: readonly string[]): Promise<string> {
  const crypto: Partial<Crypto> = globalThis.crypto;
  if (crypto.subtle === undefined) return '';
  const text = [...memberSha256].sort().join('\n');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
