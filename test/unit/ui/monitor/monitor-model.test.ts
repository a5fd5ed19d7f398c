import { describe, expect, it } from 'vitest';
import { MonitorModel } from '../../../../src/ui/monitor/monitor-model.svelte.ts';
import { FakePorts, sampleAt } from '../../../fakes/ports.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe('MonitorModel', () => {
  it('reads at most four times a second, and not at all after it was left', async () => {
    const clock = new VirtualClock();
    let reads = 0;
    const ports = new FakePorts(clock, {
      samples: (_since, nowMs) => {
        reads += 1;
        return [sampleAt(nowMs, { tokens: 5, membersReady: 3, memory: 1024 })];
      },
    });
    const model = new MonitorModel(ports.monitor, clock);
    const leave = model.run();
    await settle();
    // The first refresh also reads the stored history.
    const atStart = reads;
    for (let step = 0; step < 10; step += 1) {
      clock.advance(100);
      await settle();
    }
    expect(reads - atStart).toBeLessThanOrEqual(4);
    expect(reads - atStart).toBeGreaterThan(0);
    expect(model.live?.membersReady).toBe(3);
    expect(model.live?.memoryBytes).toBe(1024 * 1024);
    expect(model.stats?.missedTicks).toBe(3);
    leave();
    const atEnd = reads;
    clock.advance(10_000);
    await settle();
    expect(reads).toBe(atEnd);
    expect(clock.pending).toBe(0);
  });

  it('shows the scaler as it is after the switch', () => {
    const ports = new FakePorts(new VirtualClock());
    const model = new MonitorModel(ports.monitor, new VirtualClock());
    expect(model.quality.enabled).toBe(true);
    model.setQualityEnabled(false);
    expect(model.quality.enabled).toBe(false);
    expect(model.quality.level).toBe(0);
  });
});
