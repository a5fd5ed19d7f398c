import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  ScalabilityReportSchema,
  type Projection,
  type ScalabilityInput,
  type ScalabilityReport,
} from '#contracts/scalability';
import { projectScalability } from '../../../../src/capacity/scalability/project-scalability.ts';
import { input, member } from '../../../fakes/scalability-inputs.ts';

const GIB = 2 ** 30;

function only(report: ScalabilityReport, kind: Projection['kind'], which = 0): Projection {
  const found = report.projections.filter((one) => one.kind === kind)[which];
  if (found === undefined) throw new Error(`no projection of ${kind}`);
  return found;
}
const project = (change: Partial<ScalabilityInput>, kind: Projection['kind'], which = 0): Projection =>
  only(projectScalability(input(change)), kind, which);

const termOf = ({ terms }: Projection, start: string): number | undefined =>
  terms.find(({ name }) => name.startsWith(start))?.value;

describe('today', () => {
  it('adds up what shares the processor', () => {
    const today = project({}, 'today');
    // 2 · 100 tokens in 2 · 100 · 50 ms; 2 · (1 + 100 · 0.05) s until both are done.
    expect(today.tokensPerSecond).toEqual({ low: 200 / 11, median: 20, high: 200 / 9 });
    expect(today.answerMs).toEqual({ low: 10_800, median: 12_000, high: 13_200 });
    expect(today).toMatchObject({ speedup: 1, members: 2, largestModel: 'Middle', bound: 'bandwidth' });
  });

  it('lets questions wait for one another: Pollaczek and Khinchine, at 3 a minute', () => {
    const today = project({ questionsPerMinute: 3 }, 'today');
    // ρ = 0.05 · 12 = 0.6; 0.6 · 12 / (2 · 0.4) = 9 s.
    expect(today.answerMs?.median).toBeCloseTo(21_000, 6);
    expect(termOf(today, 'Wait')).toBeCloseTo(9000, 6);
    expect(termOf(today, 'Utilisation λ')).toBeCloseTo(0.6, 12);
    // ρ = 0.05 · 13.2 = 0.66; 0.66 · 13.2 / (2 · 0.34) s.
    expect(today.answerMs?.high).toBeCloseTo(13_200 + (0.66 * 13_200) / 0.68, 6);
  });

  it('says so where the queue has no end, and where it has none at the slow end', () => {
    const full = project({ questionsPerMinute: 5 }, 'today');
    expect(full).toMatchObject({ answerMs: null, bound: 'queue' });
    expect(full.formula).toContain('queue grows without end');
    expect(termOf(full, 'Wait')).toBeUndefined();
    expect(full.tokensPerSecond?.median).toBe(20);
    // 4.8 · 12/60 = 0.96, 4.8 · 13.2/60 = 1.056.
    const doubtful = project({ questionsPerMinute: 4.8 }, 'today');
    expect(doubtful).toMatchObject({ answerMs: null, bound: 'queue' });
    expect(doubtful.formula).toContain('at the slow end');
    expect(termOf(doubtful, 'Utilisation at')).toBeCloseTo(1.056, 12);
  });

  it('lets the processor and the card work at the same time', () => {
    const members = [member(), member({ backend: 'webgpu', decodeMs: { low: 9, median: 10, high: 11 } })];
    const today = project({ members }, 'today');
    expect(today.answerMs?.median).toBe(6000);
    expect(today.tokensPerSecond?.median).toBe(40);
  });

  it('has no speed of a council of which one is unknown, or of none', () => {
    const unknown = project({ members: [member(), member({ decodeMs: null })] }, 'today');
    expect(unknown).toMatchObject({ tokensPerSecond: null, answerMs: null, speedup: null, bound: 'unknown' });
    const silent = project({ members: [member({ prefillMs: null })] }, 'today');
    expect(silent.tokensPerSecond?.median).toBe(20);
    expect(silent.answerMs).toBeNull();
    expect(project({ members: [] }, 'today')).toMatchObject({ members: 0, tokensPerSecond: null });
  });
});

describe('a stronger device', () => {
  it('twice the cores: Amdahl’s law for what is computed, and not for what is read', () => {
    const cores = project({}, 'cores');
    // s = (4/3.2 − 1)/3 = 1/12; r = (1/12 + 11/96) / (1/12 + 11/48) = 0.6333.
    expect(termOf(cores, 's, ')).toBeCloseTo(1 / 12, 12);
    expect(termOf(cores, 'r, ')).toBeCloseTo(0.19 / 0.3, 12);
    // 50 · (0.6 + 0.4 · 0.6333) = 42.67 ms a token, 633 ms a prompt.
    expect(cores.tokensPerSecond?.median).toBeCloseTo(1000 / (50 * (0.6 + (0.4 * 0.19) / 0.3)), 9);
    expect(cores.answerMs?.median).toBeCloseTo(9800, 6);
    expect(cores.title).toBe('Twice the cores (8)');
  });

  it('twice the cores do nothing for a page that is not isolated', () => {
    const cores = project({ isolated: false, threads: 1, threadScaling: null }, 'cores');
    expect(cores).toMatchObject({ speedup: 1, tokensPerSecond: { median: 20 } });
    expect(cores.formula).toContain('not isolated');
  });

  it('says what was assumed, and is less sure then', () => {
    const width = ({ answerMs }: Projection): number => (answerMs?.high ?? NaN) / (answerMs?.low ?? NaN);
    const [known, assumed] = [project({}, 'cores'), project({ threadScaling: null }, 'cores')];
    expect(termOf(assumed, 's, serial share (assumed')).toBe(0.1);
    expect(termOf(known, 's, serial share (assumed')).toBeUndefined();
    expect(width(assumed)).toBeGreaterThan(width(known));
  });

  it('a card that reads twice as fast halves what is spent reading, on the card alone', () => {
    const card = project({ members: [member({ backend: 'webgpu' })] }, 'graphics');
    // 50 · (0.3 + 0.4) = 35 ms.
    expect(card.tokensPerSecond?.median).toBeCloseTo(1000 / 35, 9);
    expect(card.answerMs?.median).toBeCloseTo(4500, 6);
    expect(card.title).toContain('200 GB/s');
    expect(project({}, 'graphics').speedup).toBe(1);
  });

  it('a second card takes members from the first, and is less sure', () => {
    const card = member({ backend: 'webgpu' });
    const second = project({ members: [card, { ...card, id: 'b' }] }, 'second-card');
    expect(second).toMatchObject({ speedup: 2, answerMs: { median: 6000, high: 6600 * 1.25 } });
    expect(project({ members: [card] }, 'second-card').speedup).toBe(1);
  });

  it('a further card stands idle where it might be too slow to keep up', () => {
    const lasting = (ms: number) =>
      member({
        backend: 'webgpu',
        decodeMs: { low: ms / 100, median: ms / 100, high: ms / 100 },
        prefillMs: { low: 0, median: 0, high: 0 },
      });
    const busy = {
      graphics: { cards: 2, readGBps: null },
      members: [lasting(6000), lasting(6000), lasting(4500), lasting(4500)],
      questionsPerMinute: 5.5,
    };
    // Two cards: 10.5 s, used to 0.96. A third takes 9 s of it, at the slow end 11.25: 1.03.
    const [today, third] = [project(busy, 'today'), project(busy, 'second-card')];
    expect(today.answerMs).not.toBeNull();
    expect(third.answerMs).toEqual(today.answerMs);
    expect(third.title).toBe('One more graphics card');
  });

  it('memory makes room, and nothing faster', () => {
    const [twice, fourfold] = [project({}, 'memory'), project({}, 'memory', 1)];
    // 4 GiB are added, of seats of 1 GiB; no more seats than models are known.
    expect(twice).toMatchObject({ members: 4, largestModel: 'Large', speedup: 1, bound: 'memory' });
    expect(twice.title).toBe('Twice the memory (16 GiB)');
    expect(fourfold).toMatchObject({ members: 4, largestModel: 'Large' });
    const room = project({ memoryBytes: 16 * GIB }, 'memory', 1);
    expect(room).toMatchObject({ largestModel: 'Huge', bound: 'bandwidth' });
    expect(project({ memoryIsFloor: true }, 'memory').title).toContain('at least 16 GiB');
  });

  it('gives no more seats than answer in bearable time', () => {
    // 6 s each; 18 tokens would be waited for 18 s: three seats.
    const slow = member({ decodeMs: { low: 270, median: 280, high: 290 } });
    const members = [slow, { ...slow, id: 'two' }];
    expect(project({ members, answerTokens: 18 }, 'memory').members).toBe(2);
    const quick = { ...slow, decodeMs: { low: 200, median: 222.3, high: 250 } };
    // 1 + 18 · 0.2223 = 5 s.
    expect(project({ members: [quick, { ...quick, id: 'two' }], answerTokens: 18 }, 'memory').members).toBe(
      3,
    );
  });

  it('knows of memory that is not told only what the council takes', () => {
    const twice = project({ memoryBytes: null }, 'memory');
    // The council’s 2 GiB fit, so that twice as much holds 2 seats more, and a model of 4 GiB.
    expect(twice).toMatchObject({ title: 'Twice the memory', members: 4, largestModel: 'Middle' });
    expect(project({ memoryBytes: null }, 'today').largestModel).toBe('Small');
  });

  it('holds no larger model on the processor than an engine can', () => {
    const without = { graphics: null, memoryBytes: 16 * GIB };
    expect(project(without, 'memory')).toMatchObject({ largestModel: 'Middle', bound: 'memory' });
    expect(project({ ...without, engineBytes: 2 * GIB }, 'memory').largestModel).toBe('Small');
    expect(project({ memoryBytes: 16 * GIB }, 'memory').largestModel).toBe('Large');
  });

  it('reckons nothing from a card that is not there', () => {
    const kinds = projectScalability(input({ graphics: null })).projections.map(({ kind }) => kind);
    expect(kinds).toEqual(['today', 'memory', 'memory', 'cores', 'servers', 'servers', 'servers']);
  });
});

describe('servers', () => {
  it('share a question where few are asked', () => {
    const one = project({}, 'servers');
    expect(one).toMatchObject({ speedup: 2, answerMs: { median: 6000 } });
    expect(termOf(one, 'g, ')).toBe(1);
    // One member stays here, at best done in 5.4 s; on a server half as fast the other needs 13.2 s.
    expect(one.answerMs).toMatchObject({ low: 5400, high: 13_200 });
  });

  it('take turns where many are asked: Erlang’s C for five, by hand', () => {
    const member12 = member({
      decodeMs: { low: 110, median: 110, high: 110 },
      prefillMs: { low: 1000, median: 1000, high: 1000 },
    });
    const four = project({ members: [member12], questionsPerMinute: 5 }, 'servers', 2);
    expect(termOf(four, 'g, ')).toBe(5);
    // a = 5/60 · 12 = 1; B(5, 1) = (1/120) / (1 + 1 + 1/2 + 1/6 + 1/24 + 1/120) = 1/326; C = B / (1 − 0.2 · (1 − B)).
    const blocked = 1 / 326;
    const waits = blocked / (1 - 0.2 * (1 - blocked));
    expect(termOf(four, 'Wait')).toBeCloseTo((waits * 12_000) / (2 * (5 - 1)), 6);
    // A question may come to a server half as fast: 5/60 · 24 / 5.
    expect(termOf(four, 'Utilisation at')).toBeCloseTo(0.4, 12);
  });

  it('end a queue that had no end', () => {
    const asked = { questionsPerMinute: 6 };
    expect(project(asked, 'today').answerMs).toBeNull();
    expect(project(asked, 'servers', 2).answerMs?.median).toBeGreaterThan(6000);
  });

  it('stand idle where they might be too slow to keep up', () => {
    const lasting = (seconds: number, backend: 'cpu' | 'remote' = 'cpu') => {
      const ms = { low: seconds * 10, median: seconds * 10, high: seconds * 10 };
      return member({ backend, decodeMs: ms, prefillMs: { low: 0, median: 0, high: 0 } });
    };
    const away = lasting(60, 'remote');
    const busy = {
      members: [lasting(30), lasting(20), lasting(20), away, away, away],
      remoteServers: 3,
      questionsPerMinute: 0.81,
    };
    // 70 s · 0.81/60 = 0.945. Half as fast, 40 s of the processor's become 80: 1.08; in two groups three questions of 60 s
    // come to two servers, 150 s at the slow end: 1.01.
    const [today, one] = [project(busy, 'today'), project(busy, 'servers')];
    expect(today.answerMs).not.toBeNull();
    expect(one.answerMs).toEqual(today.answerMs);
    expect(termOf(one, 'Servers of these')).toBe(0);
  });

  it('are known better where there is one already', () => {
    const width = ({ answerMs }: Projection): number => (answerMs?.high ?? NaN) / (answerMs?.low ?? NaN);
    const away = member({ backend: 'remote' });
    const members = [away, { ...away, id: 'b' }];
    expect(width(project({ members, remoteServers: 1 }, 'servers'))).toBeLessThan(
      width(project({}, 'servers')),
    );
  });
});

const figure = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 1, max: 100, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1e7, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1e300) },
);
const time = fc.option(
  fc.tuple(figure, figure, figure).map((all) => {
    const [low = 0, median = 0, high = 0] = [...all].sort((a, b) => a - b);
    return { low, median, high };
  }),
  { freq: 12 },
);
const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
const bytes = fc.double({ min: 0, max: 1e12, noNaN: true });
const anyMember = fc.record({
  id: fc.string({ minLength: 1 }),
  name: fc.string({ minLength: 1 }),
  backend: fc.constantFrom('cpu', 'webgpu', 'remote', 'browser'),
  memoryBytes: bytes,
  decodeMs: time,
  bandwidthShare: share,
  prefillMs: time,
});
const anyInput: fc.Arbitrary<ScalabilityInput> = fc.record({
  threads: fc.integer({ min: 1, max: 64 }),
  cores: fc.option(fc.integer({ min: 1, max: 128 })),
  threadScaling: fc.option(fc.double({ min: 0, max: 80, noNaN: true })),
  memoryBytes: fc.option(bytes),
  memoryIsFloor: fc.boolean(),
  graphics: fc.option(fc.record({ cards: fc.integer({ min: 1, max: 3 }), readGBps: fc.option(bytes) })),
  remoteServers: fc.nat(5),
  isolated: fc.boolean(),
  answerTokens: fc.oneof(fc.nat(200), fc.nat(5000)),
  promptTokens: fc.nat(5000),
  members: fc.array(anyMember, { maxLength: 6 }),
  models: fc.array(
    fc.record({ name: fc.string({ minLength: 1 }), memoryBytes: bytes, parameters: fc.option(bytes) }),
    { maxLength: 6 },
  ),
  questionsPerMinute: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5, noNaN: true })),
});

/** Both ends of every estimate, all terms. */
const figuresOf = ({ tokensPerSecond, answerMs, speedup, members, terms }: Projection): (number | null)[] => [
  ...Object.values(tokensPerSecond ?? {}),
  ...Object.values(answerMs ?? {}),
  ...terms.map(({ value }) => value),
  speedup,
  members,
];

/** A rounding error, and no more. */
const ALMOST = 1 + 1e-9;

describe('for any device and council', () => {
  it('all figures are finite, in order, and as the contract wants them', () => {
    fc.assert(
      fc.property(anyInput, (device) => {
        const report = projectScalability(device);
        const parsed = v.safeParse(ScalabilityReportSchema, report);
        expect(parsed.issues?.map(({ message }) => message) ?? []).toEqual([]);
        for (const one of report.projections)
          expect(figuresOf(one).every((value) => value === null || Number.isFinite(value))).toBe(true);
        for (const { because, detail } of report.recommendations)
          expect(`${because} ${detail}`).not.toMatch(/NaN|Infinity|∞|undefined|null/);
      }),
      { numRuns: 300 },
    );
  });

  it('more is never slower, nor fewer seats, nor a smaller model', () => {
    fc.assert(
      fc.property(anyInput, (device) => {
        const { projections } = projectScalability(device);
        const sizeOf = (name: string | null): number =>
          Math.max(
            -1,
            ...device.models.filter((model) => model.name === name).map((model) => model.memoryBytes),
          );
        const noWorse = (less: Projection | undefined, more: Projection): void => {
          if (less === undefined) return;
          if (less.tokensPerSecond !== null && more.tokensPerSecond !== null)
            expect(more.tokensPerSecond.median * ALMOST).toBeGreaterThanOrEqual(less.tokensPerSecond.median);
          if (less.answerMs !== null) {
            expect(more.answerMs).not.toBeNull();
            expect(more.answerMs?.median).toBeLessThanOrEqual(less.answerMs.median * ALMOST);
          }
          expect(more.members).toBeGreaterThanOrEqual(less.members);
          expect(sizeOf(more.largestModel)).toBeGreaterThanOrEqual(sizeOf(less.largestModel));
        };
        const [today] = projections;
        for (const one of projections) noWorse(today, one);
        const servers = projections.filter(({ kind }) => kind === 'servers');
        servers.slice(1).forEach((one, index) => noWorse(servers[index], one));
      }),
      { numRuns: 300 },
    );
  });

  it('twice of anything is at most twice as fast, and what was changed is less sure', () => {
    fc.assert(
      fc.property(anyInput, (device) => {
        const { projections } = projectScalability(device);
        const width = ({ tokensPerSecond: speed }: Projection): number =>
          speed === null || speed.low === 0 ? 0 : speed.high / speed.low;
        for (const one of projections) {
          if (one.speedup !== null && one.kind !== 'servers' && one.kind !== 'second-card')
            expect(one.speedup).toBeLessThanOrEqual(2 * ALMOST);
          const [today] = projections;
          const changed = one.kind === 'cores' || one.kind === 'graphics';
          if (
            today !== undefined &&
            changed &&
            one.tokensPerSecond !== null &&
            today.tokensPerSecond !== null
          )
            expect(one.tokensPerSecond.low * ALMOST).toBeGreaterThanOrEqual(today.tokensPerSecond.low);
          if (
            today !== undefined &&
            changed &&
            device.members.every(({ backend }) => backend === 'cpu') &&
            one.kind === 'cores'
          )
            expect(width(one) * ALMOST).toBeGreaterThanOrEqual(width(today));
        }
      }),
      { numRuns: 300 },
    );
  });
});
