import { expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { HardwareProfile, ProbeReport } from '#contracts/hardware';
import { FitJudge } from '../../../src/app/fit-judge.ts';
import { classifyTier, probeReport } from '../../../src/hardware/tier.ts';
import { AGENTS, onlyGpu, profile } from '../../fakes/hardware-profiles.ts';
import { OFFER } from '../../fakes/models-port.ts';

const { signal } = new AbortController();
const LARGE = { ...OFFER.demand, weightsBytes: 9 * 2 ** 30, largestFileBytes: 2 ** 30 };

const report = (of: HardwareProfile): Outcome<ProbeReport> => ok(probeReport(of, classifyTier(of)));
const device = (userAgent: string): HardwareProfile =>
  profile({
    deviceMemoryGiB: 8,
    userAgent,
    features: { ...profile({}).features, jspi: true },
    adapters: onlyGpu({}),
  });

it('looks at the device once', async () => {
  const probe = vi.fn(() => Promise.resolve(report(device(AGENTS.chromeWindows))));
  const judge = new FitJudge({ probe });
  expect(await judge.fit(signal, OFFER.demand)).toMatchObject({ value: { verdict: 'runs-well' } });
  expect(await judge.fit(signal, LARGE)).toMatchObject({ value: { verdict: 'will-not-fit' } });
  expect(probe).toHaveBeenCalledOnce();
});

it('takes the most that a browser ever tells for a floor', async () => {
  const judge = new FitJudge({ probe: () => Promise.resolve(report(device(AGENTS.oldChromeWindows))) });
  expect(await judge.fit(signal, LARGE)).toMatchObject({ value: { verdict: 'tight', reason: 'card-only' } });
});

it('claims nothing without a look at the device, and looks again', async () => {
  const answers = [err(failure('cancelled')), report(device(AGENTS.chromeWindows))];
  const judge = new FitJudge({ probe: () => Promise.resolve(answers.shift() ?? err(failure('internal'))) });
  expect(await judge.fit(signal, OFFER.demand)).toMatchObject({ error: { code: 'cancelled' } });
  expect(await judge.fit(signal, OFFER.demand)).toMatchObject({ ok: true });
});
