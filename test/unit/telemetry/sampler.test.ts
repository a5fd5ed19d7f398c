import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { METRIC_IDS } from '#contracts/metrics';
import type { HistoryChunk } from '#contracts/telemetry';
import { Sampler } from '../../../src/telemetry/sampler.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const EPOCH = 1_700_000_000_000;

function rig(costMs = 0): {
  clock: VirtualClock;
  sampler: Sampler;
  chunks: HistoryChunk[];
  count: (tokens: number) => void;
} {
  const clock = new VirtualClock(50, EPOCH);
  const chunks: HistoryChunk[] = [];
  let tokens = 0;
  const sampler = new Sampler({
    clock,
    session: 's1',
    read: () => {
      if (costMs > 0) clock.block(costMs);
      const values = METRIC_IDS.map((id) => (id === 'tokens' ? tokens : 0));
      tokens = 0;
      return values;
    },
    sink: (chunk) => chunks.push(chunk),
  });
  return { clock, sampler, chunks, count: (more) => (tokens += more) };
}

function column(chunk: HistoryChunk, name: string): number[] {
  const values = present(chunk.values[chunk.columns.indexOf(name)], name);
  return [...chunk.offsets].map((_, row) => present(values.length === 1 ? values[0] : values[row], name));
}

describe('Sampler', () => {
  it('samples every 100 ms and cuts a chunk every ten seconds', () => {
    const { clock, sampler, chunks } = rig();
    sampler.start();
    clock.advance(25_000);
    expect(sampler.stats()).toMatchObject({ samples: 250, missedTicks: 0 });
    expect(chunks.map((chunk) => [chunk.startMs - EPOCH, chunk.endMs - EPOCH, chunk.offsets.length])).toEqual(
      [
        [0, 10_000, 100],
        [10_000, 20_000, 100],
      ],
    );
    expect(chunks.map((chunk) => chunk.id)).toEqual([`s1/${String(EPOCH)}`, `s1/${String(EPOCH + 10_000)}`]);
    expect([...present(chunks[0], 'chunk').offsets.slice(0, 3)]).toEqual([100, 200, 300]);
  });

  it('counts the ticks it was held up over, keeps the grid and catches nothing up', () => {
    const { clock, sampler } = rig();
    sampler.start();
    clock.advance(300);
    clock.block(730);
    clock.advance(0);
    expect(sampler.stats()).toMatchObject({ samples: 4, missedTicks: 6 });
    clock.advance(70);
    expect(sampler.stats()).toMatchObject({ samples: 5, missedTicks: 6 });
    expect(sampler.recent(0).map((sample) => sample.atMs - EPOCH)).toEqual([100, 200, 300, 1030, 1100]);
  });

  it('never has more than one tick under way or waiting, even if a tick costs more than its interval', () => {
    const { clock, sampler } = rig(250);
    sampler.start();
    for (let round = 0; round < 20; round += 1) {
      clock.advance(100);
      expect(clock.pending).toBe(1);
    }
    const { samples, missedTicks, meanTickUs } = sampler.stats();
    expect(meanTickUs).toBe(250_000);
    expect(samples + missedTicks).toBeGreaterThanOrEqual(19);
    expect(missedTicks).toBeGreaterThan(samples);
  });

  it('accounts for every grid point and every increment under any pattern of stalls', () => {
    const stalls = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 2500 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(stalls, (pattern) => {
        const { clock, sampler, chunks, count } = rig();
        const startMs = clock.nowMs();
        sampler.start();
        let counted = 0;
        for (const [runMs, blockMs] of pattern) {
          count(3);
          counted += 3;
          clock.advance(runMs);
          clock.block(blockMs);
        }
        clock.advance(100);
        sampler.stop();
        sampler.cut();
        const { samples, missedTicks } = sampler.stats();
        expect(samples + missedTicks).toBe(Math.floor((clock.nowMs() - startMs) / 100));
        expect(chunks.reduce((sum, chunk) => sum + chunk.offsets.length, 0)).toBe(samples);
        expect(chunks.reduce((sum, chunk) => sum + chunk.missedTicks, 0)).toBe(missedTicks);
        const tokens = chunks.flatMap((chunk) => column(chunk, 'tokens'));
        expect(tokens.reduce((sum, value) => sum + value, 0)).toBe(counted);
        // Chunks join without gap or overlap, and offsets grow.
        chunks.forEach((chunk, index) => {
          const next = chunks[index + 1];
          if (next !== undefined) expect(next.startMs).toBe(chunk.endMs);
          expect([...chunk.offsets]).toEqual([...chunk.offsets].sort((a, b) => a - b));
        });
      }),
    );
  });

  it('starts a new chunk when the wall clock was set, and uses the new time', () => {
    const { clock, sampler, chunks } = rig();
    sampler.start();
    clock.advance(500);
    clock.setEpoch(EPOCH + 3_600_000);
    clock.advance(200);
    sampler.cut();
    expect(chunks).toHaveLength(2);
    expect(present(chunks[0], 'chunk').endMs).toBe(EPOCH + 500);
    expect(present(chunks[1], 'chunk').startMs).toBe(EPOCH + 3_600_000);
  });

  it('ignores the small corrections a clock service makes', () => {
    const { clock, sampler, chunks } = rig();
    sampler.start();
    clock.advance(500);
    clock.setEpoch(clock.epochMs() - 40);
    clock.advance(300);
    sampler.cut();
    expect(chunks).toHaveLength(1);
  });

  it('does not stretch a chunk over a long stall', () => {
    const { clock, sampler, chunks } = rig();
    sampler.start();
    clock.advance(1000);
    clock.block(3_600_000);
    clock.advance(1000);
    sampler.cut();
    expect(chunks.map((chunk) => chunk.offsets.length)).toEqual([10, 1, 10]);
    expect(present(chunks[1], 'chunk').missedTicks).toBe(35_999);
  });

  it('marks samples of a hidden page', () => {
    const { clock, sampler } = rig();
    sampler.start();
    clock.advance(100);
    sampler.setVisible(false);
    clock.advance(100);
    sampler.setVisible(true);
    clock.advance(100);
    expect(sampler.recent(0).map((sample) => sample.visible)).toEqual([true, false, true]);
    expect(column(present(sampler.unfinished(), 'chunk'), 'visible')).toEqual([1, 0, 1]);
  });

  it('remembers five minutes and answers only with what is later than asked', () => {
    const { clock, sampler } = rig();
    sampler.start();
    clock.advance(400_000);
    const all = sampler.recent(0);
    expect(all).toHaveLength(3000);
    expect(all.at(-1)?.atMs).toBe(EPOCH + 400_000);
    expect(sampler.recent(EPOCH + 399_800).map((sample) => sample.atMs - EPOCH)).toEqual([399_900, 400_000]);
    expect(present(all[0], 'sample').values).toHaveLength(METRIC_IDS.length);
  });

  it('keeps a column that never changed as one value', () => {
    const { clock, sampler, count } = rig();
    sampler.start();
    count(7);
    clock.advance(1000);
    const chunk = present(sampler.unfinished(), 'chunk');
    const lengths = chunk.columns.map((name, index) => [name, chunk.values[index]?.length]);
    expect(lengths).toContainEqual(['tokens', 10]);
    expect(lengths).toContainEqual(['errors', 1]);
    expect(lengths).toContainEqual(['visible', 1]);
  });

  it('stops, keeps what it has, and cuts nothing twice', () => {
    const { clock, sampler, chunks } = rig();
    sampler.start();
    sampler.start();
    clock.advance(250);
    sampler.stop();
    clock.advance(1000);
    expect(clock.pending).toBe(0);
    sampler.cut();
    sampler.cut();
    expect(chunks.map((chunk) => chunk.offsets.length)).toEqual([2]);
  });

  it('is no sooner for a timer that fires early', () => {
    const clock = new VirtualClock(0, EPOCH);
    // Timers of this clock come 0.4 ms before their time, as browsers' may.
    const early = {
      nowMs: () => clock.nowMs(),
      epochMs: () => clock.epochMs(),
      after: (delayMs: number, task: () => void) => clock.after(Math.max(0, delayMs - 0.4), task),
    };
    const sampler = new Sampler({
      clock: early,
      session: 's',
      read: () => METRIC_IDS.map(() => 0),
      sink: () => undefined,
    });
    sampler.start();
    clock.advance(10_000);
    expect(sampler.stats()).toMatchObject({ samples: 100, missedTicks: 0 });
  });
});
