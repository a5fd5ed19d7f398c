import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { METRIC_IDS, type MetricId } from '#contracts/metrics';
import type { HistoryChunk } from '#contracts/telemetry';
import { ChunkBuilder } from '../../../src/telemetry/chunk-builder.ts';
import { rollUp } from '../../../src/telemetry/rollup.ts';

type Values = Partial<Record<MetricId, number>>;

function chunkOf(
  session: string,
  startMs: number,
  samples: readonly Values[],
  intervalMs = 100,
): HistoryChunk {
  const builder = new ChunkBuilder(session, intervalMs, samples.length);
  samples.forEach((sample, index) => {
    const values = METRIC_IDS.map((id) => sample[id] ?? 0);
    builder.add(startMs + index * intervalMs, startMs + (index + 1) * intervalMs, values, true, 0);
  });
  return present(builder.cut(), 'chunk');
}

function of(values: readonly number[] | undefined, id: MetricId): number {
  return present(present(values, 'values')[METRIC_IDS.indexOf(id)], id);
}

describe('rollUp', () => {
  it('gives counters per second, gauges weighted by time, peaks over the samples that had one', () => {
    const samples = Array.from({ length: 10 }, (_, index) => ({
      tokens: index < 5 ? 4 : 0,
      queueDepth: index < 2 ? 5 : 0,
      frameInterval: index === 3 ? 30 : index === 4 ? 50 : 0,
    }));
    const [point] = rollUp([chunkOf('a', 0, samples)], 0, 1001, 1);
    expect(of(point?.mean, 'tokens')).toBe(20);
    expect(of(point?.max, 'tokens')).toBe(40);
    expect(of(point?.mean, 'queueDepth')).toBe(1);
    expect(of(point?.mean, 'frameInterval')).toBe(40);
    expect(of(point?.max, 'frameInterval')).toBe(50);
  });

  it('says NaN of a peak without a reading and of a metric that the chunk does not know', () => {
    const chunk = chunkOf('a', 0, [{}, {}]);
    const older: HistoryChunk = {
      ...chunk,
      columns: chunk.columns.filter((name) => name !== 'memory'),
      values: chunk.values.filter((_, index) => chunk.columns[index] !== 'memory'),
    };
    const [point] = rollUp([older], 0, 1000, 10);
    expect(of(point?.mean, 'frameInterval')).toBeNaN();
    expect(of(point?.max, 'memory')).toBeNaN();
    expect(of(point?.mean, 'memory')).toBeNaN();
    expect(of(point?.mean, 'errors')).toBe(0);
  });

  it('reads columns by name, whatever their order and whatever else is there', () => {
    const chunk = chunkOf('a', 0, [{ tokens: 1 }, { tokens: 3 }]);
    const shuffled: HistoryChunk = {
      ...chunk,
      columns: [...chunk.columns, 'of-a-later-version'].reverse(),
      values: [...chunk.values, new Float32Array([9, 9])].reverse(),
    };
    expect(rollUp([shuffled], 0, 1000, 10)).toEqual(rollUp([chunk], 0, 1000, 10));
  });

  it('adds up the tabs: two that decode 10 tokens a second each are 20', () => {
    const samples = Array.from({ length: 10 }, () => ({ tokens: 1 }));
    const [point] = rollUp([chunkOf('a', 0, samples), chunkOf('b', 20, samples)], 0, 1100, 1);
    expect(of(point?.mean, 'tokens')).toBe(20);
  });

  it('has no point where there are no samples', () => {
    const points = rollUp([chunkOf('a', 0, [{}]), chunkOf('a', 5000, [{}])], 0, 10_000, 10);
    expect(points.map((point) => point.atMs)).toEqual([500, 5500]);
  });

  it('does not let one sample after an hour of sleep outweigh its bucket', () => {
    const builder = new ChunkBuilder('a', 100, 10);
    const values = (tokens: number): number[] => METRIC_IDS.map((id) => (id === 'tokens' ? tokens : 0));
    builder.add(0, 3_600_000, values(0), true, 35_999);
    for (let index = 0; index < 9; index += 1)
      builder.add(3_600_000 + index * 100, 3_600_100 + index * 100, values(2), true, 0);
    const [point] = rollUp([present(builder.cut(), 'chunk')], 3_600_000, 3_601_000, 1);
    expect(of(point?.mean, 'tokens')).toBeCloseTo(18 / 1.9, 6);
    expect(of(point?.max, 'tokens')).toBe(20);
  });

  it('does not make a burst of a short interval after a late tick', () => {
    const builder = new ChunkBuilder('a', 100, 2);
    const values = METRIC_IDS.map((id) => (id === 'tokens' ? 1 : 0));
    builder.add(0, 195, values, true, 0);
    builder.add(195, 200, values, true, 0);
    const [point] = rollUp([present(builder.cut(), 'chunk')], 0, 1000, 1);
    expect(of(point?.max, 'tokens')).toBe(10);
  });

  it('loses no token and invents none, in any division into chunks and buckets', () => {
    const increments = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        increments,
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 50 }),
        (tokens, size, points) => {
          const chunks: HistoryChunk[] = [];
          for (let from = 0; from < tokens.length; from += size) {
            const part = tokens.slice(from, from + size);
            chunks.push(
              chunkOf(
                'a',
                from * 100,
                part.map((value) => ({ tokens: value })),
              ),
            );
          }
          const toMs = tokens.length * 100 + 1;
          const bucketMs = Math.max(1000, Math.ceil(toMs / points));
          const rolled = rollUp(chunks.reverse(), 0, toMs, points);
          expect(rolled.length).toBeLessThanOrEqual(points);
          const covered = rolled.map((point) => {
            const startMs = point.atMs - bucketMs / 2;
            const inside = tokens.filter((_, index) => {
              const atMs = (index + 1) * 100;
              return atMs >= startMs && atMs < startMs + bucketMs;
            });
            return (of(point.mean, 'tokens') * inside.length * 100) / 1000;
          });
          const total = covered.reduce((sum, value) => sum + value, 0);
          expect(total).toBeCloseTo(
            tokens.reduce((sum, value) => sum + value, 0),
            6,
          );
        },
      ),
    );
  });

  it('keeps every mean at or below its maximum', () => {
    const samples = fc.array(
      fc.record({ tokens: fc.nat(90), queueDepth: fc.nat(8), frameInterval: fc.nat(400) }),
      { minLength: 1, maxLength: 150 },
    );
    fc.assert(
      fc.property(samples, (values) => {
        for (const point of rollUp([chunkOf('a', 0, values)], 0, 20_000, 7))
          point.mean.forEach((mean, metric) => {
            const max = present(point.max[metric], 'max');
            if (!Number.isNaN(mean)) expect(mean).toBeLessThanOrEqual(max + 1e-6);
            else expect(max).toBeNaN();
          });
      }),
    );
  });
});
