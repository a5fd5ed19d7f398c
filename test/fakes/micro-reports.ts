import type { MicroName, MicroReport } from '#contracts/micro-bench';
import { AGENTS } from './hardware-profiles.ts';

/** A report with these medians, each from three repetitions that agree unless it is named unstable. */
export function microReport(
  medians: Partial<Record<MicroName, number>>,
  change: { readonly unstable?: readonly MicroName[]; readonly fallback?: boolean } = {},
): MicroReport {
  const figures = Object.fromEntries(
    Object.entries(medians).map(([name, median]) => [
      name,
      {
        median,
        low: median * 0.99,
        high: median * 1.01,
        samples: [median, median * 0.99, median * 1.01],
        stable: !(change.unstable ?? []).includes(name as MicroName),
      },
    ]),
  );
  return {
    schema: 'witan.micro-bench',
    version: 1,
    measuredAtMs: 1_780_000_000_000,
    wallMs: 8_200,
    figures,
    skipped: [],
    conditions: {
      threads: 8,
      isolated: true,
      clockStepUs: 5,
      voided: 0,
      adapter: 'intel gen-12lp',
      fallback: change.fallback ?? false,
      userAgent: AGENTS.chromeWindows,
    },
  };
}
