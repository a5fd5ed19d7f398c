import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRIC_IDS, METRICS, type MetricId } from '#contracts/metrics';
import { present } from '#kernel/assert';
import {
  BOARD_BYTES,
  boardMemory,
  BoardReader,
  MetricBoard,
  takeCopy,
} from '../../../src/telemetry/metric-board.ts';

const COUNTERS = METRIC_IDS.filter((id) => METRICS[id].kind === 'counter');
const GAUGES = METRIC_IDS.filter((id) => METRICS[id].kind === 'gauge');
const PEAKS = METRIC_IDS.filter((id) => METRICS[id].kind === 'peak');

function valueOf(values: readonly number[], id: MetricId): number {
  return present(values[METRIC_IDS.indexOf(id)], id);
}

function board(): { board: MetricBoard; reader: BoardReader } {
  const made = new MetricBoard(boardMemory(true));
  return { board: made, reader: new BoardReader(made.slots) };
}

type Step =
  | { readonly do: 'add'; readonly id: MetricId; readonly value: number }
  | { readonly do: 'set'; readonly id: MetricId; readonly value: number }
  | { readonly do: 'read' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    id: fc.constantFrom(...COUNTERS),
    value: fc.integer({ min: 0, max: 2_000_000_000 }),
  }),
  fc.record({
    do: fc.constant('set' as const),
    id: fc.constantFrom(...GAUGES, ...PEAKS),
    value: fc.integer({ min: 0, max: 2_000_000 }),
  }),
  fc.constant({ do: 'read' as const }),
);

describe('MetricBoard and BoardReader', () => {
  it('read what a plain model of counters, gauges and peaks says, wrap-around included', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { board: written, reader } = board();
        const model = new Map<MetricId, number>();
        let added = new Map<MetricId, number>();
        for (const action of [...steps, { do: 'read' } as const]) {
          if (action.do === 'add') {
            // More than 2^31 between two reads is outside the contract: ten times a second it cannot happen.
            const sum = (added.get(action.id) ?? 0) + action.value;
            if (sum > 2_147_483_647) continue;
            added.set(action.id, sum);
            written.add(action.id, action.value);
          } else if (action.do === 'set') {
            const before = METRICS[action.id].kind === 'peak' ? (model.get(action.id) ?? 0) : 0;
            model.set(action.id, Math.max(before, action.value));
            written.set(action.id, action.value);
          } else {
            const values = reader.read();
            for (const id of COUNTERS) expect(valueOf(values, id)).toBe(added.get(id) ?? 0);
            for (const id of [...GAUGES, ...PEAKS]) expect(valueOf(values, id)).toBe(model.get(id) ?? 0);
            added = new Map();
            for (const id of PEAKS) model.delete(id);
          }
        }
      }),
    );
  });

  it('counts on from a slot about to wrap', () => {
    const { board: written } = board();
    Atomics.store(written.slots, METRIC_IDS.indexOf('tokens'), 2_147_483_646);
    const reader = new BoardReader(written.slots);
    written.add('tokens', 5);
    expect(Atomics.load(written.slots, METRIC_IDS.indexOf('tokens'))).toBeLessThan(0);
    expect(valueOf(reader.read(), 'tokens')).toBe(5);
  });

  it('leaves out what was counted before the reader came', () => {
    const written = new MetricBoard(boardMemory(false));
    written.add('frames', 1000);
    const reader = new BoardReader(written.slots);
    written.add('frames', 3);
    expect(valueOf(reader.read(), 'frames')).toBe(3);
  });

  it('keeps fractions to the scale of the metric and bounds what does not fit', () => {
    const { board: written, reader } = board();
    written.set('frameInterval', 16.6667);
    written.set('timeToFirstToken', 123.46);
    written.set('memory', 1e12);
    const values = reader.read();
    expect(valueOf(values, 'frameInterval')).toBe(16.667);
    expect(valueOf(values, 'timeToFirstToken')).toBe(123.5);
    expect(valueOf(values, 'memory')).toBe(2_147_483_647);
  });

  it('leaves out figures that are not finite', () => {
    const { board: written, reader } = board();
    written.set('frameBudget', 8);
    written.set('frameBudget', NaN);
    written.set('frameInterval', Infinity);
    written.add('tokens', NaN);
    const values = reader.read();
    expect(valueOf(values, 'frameBudget')).toBe(8);
    expect(valueOf(values, 'frameInterval')).toBe(0);
    expect(valueOf(values, 'tokens')).toBe(0);
  });

  it('is shared memory only where the page may share', () => {
    expect(new MetricBoard(boardMemory(true)).shared?.byteLength).toBe(BOARD_BYTES);
    expect(new MetricBoard(boardMemory(false)).shared).toBeNull();
  });
});

describe('a page without shared memory', () => {
  it('loses nothing by posting copies, however copies and reads interleave', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('frame' as const), ms: fc.integer({ min: 1, max: 500 }) }),
      fc.constant({ do: 'post' as const }),
      fc.constant({ do: 'read' as const }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const page = new MetricBoard(boardMemory(false));
        const slots = new Int32Array(METRIC_IDS.length);
        const reader = new BoardReader(slots);
        let painted = 0;
        let counted = 0;
        let longest = 0;
        let highest = 0;
        for (const next of [...actions, { do: 'post' } as const, { do: 'read' } as const]) {
          if (next.do === 'frame') {
            page.add('frames', 1);
            page.set('frameInterval', next.ms);
            painted += 1;
            longest = Math.max(longest, next.ms);
          } else if (next.do === 'post') {
            takeCopy(slots, page.copy());
          } else {
            const values = reader.read();
            counted += valueOf(values, 'frames');
            highest = Math.max(highest, valueOf(values, 'frameInterval'));
          }
        }
        expect(counted).toBe(painted);
        expect(highest).toBe(longest);
      }),
    );
  });
});
