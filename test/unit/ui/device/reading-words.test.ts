import { describe, expect, it } from 'vitest';
import {
  featureReadings,
  machineReadings,
  scoreWords,
  storageReadings,
  UNTOLD,
} from '../../../../src/ui/device/reading-words.ts';
import { probeReport } from '../../../fakes/port-data.ts';

const valueOf = (readings: readonly { label: string; value: string }[], label: string): string | undefined =>
  readings.find((reading) => reading.label === label)?.value;

describe('readings', () => {
  const { profile } = probeReport();

  it('say plainly what the browser does not tell', () => {
    expect(valueOf(machineReadings(profile), 'Memory')).toBe(UNTOLD);
    const bare = { ...profile.storage, quotaBytes: null, usageBytes: null, persisted: null };
    const untold = storageReadings({ ...profile, storage: bare }).filter((each) => each.value === UNTOLD);
    expect(untold).toHaveLength(3);
  });

  it('carry units and what they mean', () => {
    expect(valueOf(machineReadings(profile), 'Clock step')).toBe('5\u00a0µs');
    expect(valueOf(machineReadings(profile), 'Refresh interval')).toBe('16.7\u00a0ms (60\u00a0Hz)');
    const isolated = featureReadings({ ...profile, isolated: false }).find(
      (reading) => reading.label === 'Cross-origin isolated',
    );
    expect(isolated?.note).toContain('one thread');
  });

  it('put scores into words', () => {
    expect([null, 0, 0.5, 1].map(scoreWords)).toEqual(['not told', '0 (low)', '0.5 (mid)', '1 (high)']);
  });
});
