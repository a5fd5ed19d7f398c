import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { SpeedMeasurementSchema, type SpeedMeasurement, type SpeedProgress } from '#contracts/capacity';
import type { LoadedModel } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { SpeedSuite, type SpeedTask } from '../../../src/bench/speed-suite.ts';
import { VisibilityLog } from '../../../src/bench/visibility-log.ts';
import { BenchEngine, benchLog, type BenchScript } from '../../fakes/bench-engine.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const MEMORY = { weightsBytes: 4000, kvBytes: 300, computeBytes: 20 };
const ANSWER_TOKENS = 16;
const BUILD_MS = 50;
const LOAD_MS = 20;

const task = (change: Partial<SpeedTask> = {}): SpeedTask => ({
  shape: LLAMA_3_2_1B,
  quantization: 'Q4_0',
  promptBatchTokens: 8,
  prompts: [8, 96],
  longPrompt: null,
  ...change,
});

/** Two that differ, the second with a long prompt. */
const TWO = [task({ quantization: 'Q4_K_M' }), task({ longPrompt: 320 })];

/** So many milliseconds for the whole answer. */
const taking =
  (clock: VirtualClock, answerMs: number): BenchScript =>
  () => {
    clock.advance(answerMs);
    return {};
  };

/** The suite on a virtual clock, with models that follow a script; every answer takes 100 ms at least. */
class Rig {
  readonly clock = new VirtualClock();
  readonly log = benchLog(this.clock);
  readonly visibility = new VisibilityLog(this.clock, false);
  readonly progress: SpeedProgress[] = [];
  /** Quantizations in the order in which models were opened. */
  readonly opened: string[] = [];
  readonly engines: BenchEngine[] = [];
  open = 0;
  mostOpen = 0;
  script: BenchScript = () => ({});
  tellsMemory = true;
  firstWarmUpMs = 0;
  refusal: Outcome<never> | null = null;

  run(tasks: readonly SpeedTask[], signal = NEVER): Promise<Outcome<SpeedMeasurement>> {
    const suite = new SpeedSuite(
      tasks,
      {
        clock: this.clock,
        visibility: this.visibility,
        answerTokens: ANSWER_TOKENS,
        firstWarmUpMs: this.firstWarmUpMs,
        userAgent: 'a browser',
        open: (_signal, { quantization }, onPhase) => {
          if (this.refusal !== null && this.opened.length > 0) return Promise.resolve(this.refusal);
          this.opened.push(quantization);
          this.clock.advance(BUILD_MS);
          onPhase('load');
          this.clock.advance(LOAD_MS);
          const member = String(this.opened.length - 1);
          const engine = new BenchEngine(member, this.log, (call, request) => {
            const scripted = this.script(call, request);
            return 'ok' in scripted ? scripted : { promptTokens: request.prompt.length, ...scripted };
          });
          this.engines.push(engine);
          this.open += 1;
          this.mostOpen = Math.max(this.mostOpen, this.open);
          const close = (): Promise<void> => {
            this.open -= 1;
            return Promise.resolve();
          };
          const loaded: LoadedModel = {
            modelId: 'synthetic',
            backend: 'cpu',
            threads: 2,
            contextTokens: 352,
            vocabularySize: 4096,
            weightBytes: 4000,
            loadMs: LOAD_MS,
            ...(this.tellsMemory ? { memory: MEMORY } : {}),
          };
          return Promise.resolve(ok({ engine, loaded, fileBytes: 5000, close }));
        },
      },
      (step) => this.progress.push(step),
    );
    return suite.run(signal);
  }

  async measured(tasks: readonly SpeedTask[]): Promise<SpeedMeasurement> {
    const outcome = await this.run(tasks);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
    return outcome.value;
  }

  /** Lengths of the prompts that a model was asked, its two warm-ups left out. */
  asked(model: number): number[] {
    const calls = this.log.calls.filter(({ member }) => member === String(model));
    return calls.slice(2).map(({ request }) => request.prompt.length);
  }
}

describe('SpeedSuite', () => {
  it('runs one model after the other in the order given, and says what its schema asks', async () => {
    const rig = new Rig();
    const measurement = await rig.measured(TWO);
    expect(rig.opened).toEqual(['Q4_K_M', 'Q4_0']);
    expect({ open: rig.open, mostOpen: rig.mostOpen, atOnce: rig.log.mostAtOnce }).toEqual({
      open: 0,
      mostOpen: 1,
      atOnce: 1,
    });
    expect(v.parse(SpeedMeasurementSchema, measurement)).toEqual(measurement);
    // Two models; two answers that are not counted each, three rounds of two questions, and the long one twice.
    expect(measurement).toMatchObject({
      backend: 'cpu',
      threads: 2,
      userAgent: 'a browser',
      wallMs: 2 * (BUILD_MS + LOAD_MS) + 18 * 100,
      measuredAtMs: rig.clock.epochMs(),
      voided: 0,
    });
    expect(measurement.models[0]).toMatchObject({
      shape: LLAMA_3_2_1B,
      quantization: 'Q4_K_M',
      fileBytes: 5000,
      memory: { contextTokens: 352, ...MEMORY },
      loadMs: LOAD_MS,
    });
    expect(rig.engines.every(({ atFullSpeed }) => atFullSpeed)).toBe(true);
  });

  it('asks every prompt in three rounds, the long one twice at the end, and the shortest before all', async () => {
    const rig = new Rig();
    const { models } = await rig.measured(TWO);
    expect(rig.asked(0)).toEqual([8, 96, 8, 96, 8, 96]);
    expect(rig.asked(1)).toEqual([8, 96, 8, 96, 8, 96, 320, 320]);
    expect(rig.log.calls[0]?.request.prompt).toHaveLength(8);
    expect(models.map(({ runs }) => runs.map(({ promptTokens }) => promptTokens))).toEqual([
      rig.asked(0),
      rig.asked(1),
    ]);
    for (const { request } of rig.log.calls)
      expect(request).toMatchObject({ maxTokens: ANSWER_TOKENS, ignoreEos: true, cachePrompt: false });
  });

  it('takes times from the engine’s own figures', async () => {
    const rig = new Rig();
    rig.script = () => ({
      prefillTokensPerSecond: 400,
      decodeTokensPerSecond: 50,
      timeToFirstTokenMs: 33,
    });
    const [first] = (await rig.measured(TWO)).models;
    expect(first?.runs[1]).toEqual({
      promptTokens: 96,
      prefillMs: 240,
      contextTokens: 104,
      decodeMs: 20,
      firstTokenMs: 33,
    });
  });

  it('tells how far it is: never less than before, from 0 to 1, with every phase of every model', async () => {
    const rig = new Rig();
    await rig.measured(TWO);
    const fractions = rig.progress.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions[0]).toBe(0);
    expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
    expect(rig.progress.at(-1)).toEqual({ phase: 'run', fraction: 1, secondsLeft: 0 });
    // Before it the long question, a quarter of the second model, was left.
    expect(fractions.at(-2)).toBe(0.875);
    expect(new Set(fractions).size).toBeGreaterThan(12);
    const phases = rig.progress.map(({ phase }) => phase);
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual([
      'build',
      'load',
      'run',
      'build',
      'load',
      'run',
    ]);
    expect(rig.progress[0]?.secondsLeft).toBeNull();
    // Half of it is done when the second model is begun: as long again is left.
    const half = rig.progress.find(({ fraction }) => fraction === 0.5);
    expect(half?.secondsLeft).toBeCloseTo((BUILD_MS + LOAD_MS + 8 * 100) / 1000, 9);
  });
});

describe('warming up', () => {
  it.each([
    { speeds: [50, 52], warmUps: 2 },
    { speeds: [25, 50, 52], warmUps: 3 },
    { speeds: [1, 2, 4, 8, 16], warmUps: 5 },
  ])('takes $warmUps answers at $speeds tokens a second', async ({ speeds, warmUps }) => {
    const rig = new Rig();
    rig.script = (call) => ({ decodeTokensPerSecond: speeds[call] ?? 60 });
    const { models } = await rig.measured([task()]);
    expect(rig.log.calls).toHaveLength(warmUps + 6);
    for (const { decodeMs } of models[0]?.runs ?? []) expect(decodeMs).toBeCloseTo(1000 / 60, 9);
  });
});

it('warms the first model up for longer, whose code is still being compiled', async () => {
  const rig = new Rig();
  rig.firstWarmUpMs = 1000;
  await rig.measured([task(), task()]);
  const calls = (model: number): number =>
    rig.log.calls.filter(({ member }) => member === String(model)).length;
  expect(calls(0)).toBe(10 + 6);
  expect(calls(1)).toBe(2 + 6);
});

describe('the time that there is', () => {
  const FOUR = [task({ quantization: 'Q4_K_M' }), task(), task(), task({ quantization: 'Q8_0' })];

  it('leaves out rounds, then models, where a device is slow', async () => {
    const rig = new Rig();
    rig.script = taking(rig.clock, 1400);
    const { models } = await rig.measured(FOUR);
    // 1.5 s an answer, six for two rounds of each: the budget of 25 s is spent by three models.
    expect(models).toHaveLength(3);
    for (const { runs } of models) expect(runs).toHaveLength(4);
  });

  it('asks three models each question once, whatever it takes', async () => {
    const rig = new Rig();
    rig.script = taking(rig.clock, 60_000);
    const { models } = await rig.measured(FOUR);
    expect(models.map(({ quantization }) => quantization)).toEqual(['Q4_K_M', 'Q4_0', 'Q4_0']);
    for (const { runs } of models) expect(runs).toHaveLength(2);
    expect(rig.progress.at(-1)?.fraction).toBe(1);
  });

  it('is shared out: a model that could take all of it leaves the others theirs', async () => {
    const rig = new Rig();
    rig.script = taking(rig.clock, 1000);
    const { models, wallMs } = await rig.measured(FOUR);
    expect(models).toHaveLength(4);
    expect(wallMs).toBeLessThan(30_000);
  });
});

describe('how steady it was', () => {
  /** Speeds in the order of the answers to each question, tokens a second. */
  const paced =
    (speeds: readonly number[]): BenchScript =>
    (call) => ({ decodeTokensPerSecond: speeds[Math.floor((call - 2) / 2)] ?? 50 });

  it('is steady where answers to the same question agree, however much questions differ', async () => {
    const rig = new Rig();
    rig.script = (_call, { prompt }) => ({ decodeTokensPerSecond: prompt.length === 8 ? 80 : 40 });
    expect(await rig.measured([task(), task()])).toMatchObject({ spread: 0, stable: true });
  });

  it.each([
    { speeds: [50, 50 / 1.04, 50 * 1.04], stable: true },
    { speeds: [50, 50 / 1.3, 50 * 1.3], stable: false },
  ])('says $stable of $speeds', async ({ speeds, stable }) => {
    const rig = new Rig();
    rig.script = paced(speeds);
    const measurement = await rig.measured([task(), task()]);
    expect(measurement.stable).toBe(stable);
    // Times 1/50 · (1, 1 + d, 1 / (1 + d)): the median distance is the smaller of the two.
    const off = (speeds[2] ?? 0) / 50;
    expect(measurement.spread).toBeCloseTo(1 - 1 / off, 9);
  });
});

describe('a page that is hidden meanwhile', () => {
  /** Hidden and shown again during these calls. */
  const blinking =
    (rig: Rig, calls: readonly number[]): BenchScript =>
    () => {
      if (calls.includes(rig.log.calls.length)) {
        rig.visibility.note(true);
        rig.clock.advance(5);
        rig.visibility.note(false);
        return { decodeTokensPerSecond: 1 };
      }
      return {};
    };

  it('has the answer repeated, and counted', async () => {
    const rig = new Rig();
    rig.script = blinking(rig, [1, 3, 9]);
    const measurement = await rig.measured([task(), task()]);
    expect(measurement.voided).toBe(3);
    expect(rig.log.calls).toHaveLength(16 + 3);
    for (const { runs } of measurement.models) {
      expect(runs.map(({ promptTokens }) => promptTokens)).toEqual([8, 96, 8, 96, 8, 96]);
      for (const { decodeMs } of runs) expect(decodeMs).toBeCloseTo(1000 / 60, 9);
    }
  });

  it('again and again is measured no further', async () => {
    const rig = new Rig();
    rig.script = blinking(rig, [2, 4, 6, 8]);
    expect(await rig.run([task(), task()])).toEqual(
      err(failure('benchmark-void', { reason: 'the tab was hidden' })),
    );
    expect(rig.log.calls).toHaveLength(8);
    expect(rig.open).toBe(0);
  });

  it('from the beginning gives nothing', async () => {
    const rig = new Rig();
    rig.visibility.note(true);
    expect(await rig.run([task(), task()])).toMatchObject({ ok: false, error: { code: 'benchmark-void' } });
    expect(rig.open).toBe(0);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['in the first answer', 1],
    ['in the middle', 5],
    ['in the second model', 11],
    ['in the last answer', 16],
  ])('a stop %s ends it at once, and the model is closed', async (_when, calls) => {
    const rig = new Rig();
    const stop = new AbortController();
    rig.script = () => {
      if (rig.log.calls.length === calls) stop.abort();
      return {};
    };
    expect(await rig.run([task(), task()], stop.signal)).toEqual(err(failure('cancelled')));
    expect(rig.log.calls).toHaveLength(calls);
    expect(rig.open).toBe(0);
    expect(rig.progress.every(({ fraction }) => fraction < 1)).toBe(true);
  });

  it('a stop before the first answer asks nothing', async () => {
    const rig = new Rig();
    expect(await rig.run([task()], AbortSignal.abort())).toEqual(err(failure('cancelled')));
    expect(rig.log.calls).toEqual([]);
    expect(rig.open).toBe(0);
  });

  it('what the engine fails with passes through, and the model is closed', async () => {
    const rig = new Rig();
    const lost = err(failure('worker-lost', { member: 'measured model' }));
    rig.script = () => (rig.log.calls.length === 4 ? lost : {});
    expect(await rig.run([task(), task()])).toEqual(lost);
    expect(rig.log.calls).toHaveLength(4);
    expect(rig.open).toBe(0);
  });

  it('a model that cannot be opened ends it with its reason, and those before it are closed', async () => {
    const rig = new Rig();
    rig.refusal = err(failure('out-of-memory', { model: 'synthetic' }));
    expect(await rig.run([task(), task()])).toEqual(rig.refusal);
    expect(rig.opened).toHaveLength(1);
    expect(rig.open).toBe(0);
  });

  it.each<ReturnType<BenchScript>>([
    { prefillTokensPerSecond: null },
    { prefillTokensPerSecond: 0 },
    { decodeTokensPerSecond: null },
    { timeToFirstTokenMs: null },
  ])('an answer with %o is none', async (change) => {
    const rig = new Rig();
    rig.script = () => change;
    expect(await rig.run([task(), task()])).toEqual(err(failure('engine-failed', { reason: 'no-figure' })));
    expect(rig.open).toBe(0);
  });

  it('an engine that keeps no account of its memory is no use', async () => {
    const rig = new Rig();
    rig.tellsMemory = false;
    expect(await rig.run([task(), task()])).toEqual(err(failure('engine-failed', { reason: 'no-figure' })));
    expect(rig.open).toBe(0);
  });

  it('nothing to run is no measurement', async () => {
    const rig = new Rig();
    expect(await rig.run([])).toEqual(err(failure('engine-failed', { reason: 'no-figure' })));
  });
});
