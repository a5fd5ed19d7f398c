import { describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import { BENCH_TESTS, type BenchProgress } from '#contracts/bench';
import { failure } from '#contracts/errors';
import { canonicalise } from '../../../src/bench/canonical-result.ts';
import { DECODE_TOKENS, FIRST_TOKEN_PROMPT, PREFILL_CHARACTERS } from '../../../src/bench/bench-prompts.ts';
import { QuickSuite } from '../../../src/bench/quick-suite.ts';
import { decode, encode } from '../../../src/bench/share-codec.ts';
import { VisibilityLog } from '../../../src/bench/visibility-log.ts';
import { BenchEngine, benchLog, type BenchScript } from '../../fakes/bench-engine.ts';
import { typicalResult } from '../../fakes/bench-results.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

interface Bench {
  readonly suite: QuickSuite;
  readonly log: ReturnType<typeof benchLog>;
  readonly visibility: VisibilityLog;
  readonly engines: readonly BenchEngine[];
  readonly progress: BenchProgress[];
}

function bench(scripts: Record<string, BenchScript>, seed = 1): Bench {
  const clock = new VirtualClock();
  const log = benchLog(clock);
  const visibility = new VisibilityLog(clock, false);
  const members = Object.entries(scripts).map(([id, script]) => ({
    id,
    engine: new BenchEngine(id, log, script),
  }));
  const progress: BenchProgress[] = [];
  const suite = new QuickSuite(
    members,
    { clock, visibility, environment: typicalResult().environment, seed },
    (step) => progress.push(step),
  );
  return { suite, log, visibility, engines: members.map(({ engine }) => engine), progress };
}

const steady: BenchScript = () => ({});

/** Calls to one test, told apart by what they ask. */
function testOf({ prompt, maxTokens }: { prompt: string; maxTokens: number }): string {
  if (maxTokens === DECODE_TOKENS) return 'tg64';
  return prompt === FIRST_TOKEN_PROMPT ? 'ttft' : 'pp128';
}

describe('QuickSuite', () => {
  it('measures every test of every member six times and makes a canonical result that a link holds', async () => {
    const { suite, engines } = bench({ alder: steady, birch: steady, cedar: steady });
    const outcome = await suite.run(NEVER);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
    const result = outcome.value;
    expect(result.tests.map(({ member, test }) => `${member}/${test}`).sort()).toEqual(
      ['alder', 'birch', 'cedar'].flatMap((member) => BENCH_TESTS.map((test) => `${member}/${test}`)).sort(),
    );
    for (const { samples } of result.tests) expect(samples).toHaveLength(6);
    expect(result.tests.find(({ test }) => test === 'pp128')).toMatchObject({
      median: 2000,
      unit: 'tokens/s',
    });
    expect(result.tests.find(({ test }) => test === 'tg64')).toMatchObject({ median: 60, unit: 'tokens/s' });
    expect(result.tests.find(({ test }) => test === 'ttft')).toMatchObject({ median: 40, unit: 'ms' });
    expect(result.conditions).toEqual({
      visibleShare: 1,
      warmupRuns: 27, // nine cells, three agreeing runs each
      repetitions: 6,
      driftPercent: 0,
      spread: 0,
      stable: true,
    });
    expect(canonicalise(result)).toEqual(result);
    const sent = encode(result);
    expect(sent.ok && decode(sent.value)).toEqual({ ok: true, value: result });
    expect(engines.every((engine) => engine.atFullSpeed)).toBe(true);
  });

  it('runs one member at a time and takes turns: A, B, C, A, B, C', async () => {
    const { suite, log } = bench({ alder: steady, birch: steady, cedar: steady });
    await suite.run(NEVER);
    expect(log.mostAtOnce).toBe(1);
    const timed = log.calls.slice(27).map(({ member, request }) => `${member}/${testOf(request)}`);
    expect(timed).toHaveLength(54);
    const round = timed.slice(0, 9);
    expect(new Set(round).size).toBe(9);
    for (let start = 9; start < 54; start += 9) expect(timed.slice(start, start + 9)).toEqual(round);
  });

  it('lets no cache help: a new prompt for every prefill, no prompt cache, no early end', async () => {
    const { suite, log } = bench({ alder: steady });
    await suite.run(NEVER);
    const prefills = log.calls
      .filter(({ request }) => testOf(request) === 'pp128')
      .map(({ request }) => request.prompt);
    expect(prefills).toHaveLength(9);
    expect(new Set(prefills).size).toBe(9);
    expect(new Set(prefills.map((prompt) => prompt.slice(0, 8))).size).toBe(9);
    for (const prompt of prefills) expect(prompt).toHaveLength(PREFILL_CHARACTERS);
    for (const { request } of log.calls) {
      expect(request).toMatchObject({ cachePrompt: false, ignoreEos: true, temperature: 0 });
    }
    expect(FIRST_TOKEN_PROMPT).toHaveLength(24);
  });

  it('repeats the same prompts from the same seed', async () => {
    const [a, b, c] = [bench({ alder: steady }, 5), bench({ alder: steady }, 5), bench({ alder: steady }, 6)];
    for (const each of [a, b, c]) await each.suite.run(NEVER);
    expect(b.log.calls).toEqual(a.log.calls);
    expect(c.log.calls).not.toEqual(a.log.calls);
  });

  it('warms up until three runs agree within 3 %, at most four times', async () => {
    const speeds = [20, 58, 60, 59]; // the first is slow, the last three agree
    let decodes = 0;
    const warming: BenchScript = (_, request) =>
      testOf(request) === 'tg64' ? { decodeTokensPerSecond: speeds[decodes++] ?? 60 } : {};
    const { suite } = bench({ alder: warming });
    const outcome = await suite.run(NEVER);
    expect(outcome).toMatchObject({ ok: true, value: { conditions: { warmupRuns: 3 + 4 + 3 } } });
    if (outcome.ok)
      expect(outcome.value.tests.find(({ test }) => test === 'tg64')?.samples).toEqual(Array(6).fill(60));
  });

  it('goes on after four warm-up runs that never agree, keeps every sample, and says unstable', async () => {
    let decodes = 0;
    const wild: BenchScript = (_, request) =>
      testOf(request) === 'tg64' ? { decodeTokensPerSecond: decodes++ % 2 === 0 ? 30 : 90 } : {};
    const outcome = await bench({ alder: wild }).suite.run(NEVER);
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(outcome.value.tests.find(({ test }) => test === 'tg64')?.samples).toEqual([
      30, 90, 30, 90, 30, 90,
    ]);
    expect(outcome.value.conditions).toMatchObject({ warmupRuns: 10, stable: false, spread: 1 });
  });

  it('reports drift of the interleaved decode samples', async () => {
    let decodes = -3;
    const cooling: BenchScript = (_, request) =>
      testOf(request) === 'tg64' ? { decodeTokensPerSecond: 100 - Math.max(0, decodes++) } : {};
    const outcome = await bench({ alder: cooling }).suite.run(NEVER);
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(outcome.value.tests.find(({ test }) => test === 'tg64')?.samples).toEqual([
      100, 99, 98, 97, 96, 95,
    ]);
    expect(outcome.value.conditions.driftPercent).toBeCloseTo(-100 / 97.5, 6);
  });

  it('works out prefill from the first token where the engine reports none', async () => {
    const silent: BenchScript = () => ({
      prefillTokensPerSecond: null,
      promptTokens: 128,
      timeToFirstTokenMs: 64,
    });
    const outcome = await bench({ alder: silent }).suite.run(NEVER);
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(outcome.value.tests.find(({ test }) => test === 'pp128')?.median).toBe(2000);
  });

  it('counts progress up to the total, once per run', async () => {
    const { suite, progress } = bench({ alder: steady, birch: steady });
    await suite.run(NEVER);
    expect(progress[0]).toEqual({ done: 0, total: 60, current: 'alder/pp128' });
    expect(progress.at(-1)).toMatchObject({ done: 54, total: 54 });
    for (const [index, step] of progress.entries()) {
      expect(step.done).toBeGreaterThanOrEqual(progress[index - 1]?.done ?? 0);
      expect(step.done).toBeLessThanOrEqual(step.total);
    }
  });
});

describe('QuickSuite and a hidden tab', () => {
  /** Hides the tab during the given calls of the run. */
  function hiding(during: readonly number[]): Bench {
    let calls = 0;
    const { suite, log, visibility, engines, progress } = bench({
      alder: () => {
        if (during.includes(calls++)) {
          visibility.note(true);
          log.clock.advance(30);
          visibility.note(false);
        }
        return {};
      },
    });
    return { suite, log, visibility, engines, progress };
  }

  it('voids the repetition and runs it again', async () => {
    const { suite, log } = hiding([12]);
    const outcome = await suite.run(NEVER);
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(log.calls).toHaveLength(9 + 18 + 1);
    for (const { samples } of outcome.value.tests) expect(samples).toHaveLength(6);
    // 30 ms of 28 × 100 + 30.
    expect(outcome.value.conditions.visibleShare).toBeCloseTo(1 - 30 / 2830, 3);
    expect(outcome.value.conditions.stable).toBe(false);
  });

  it('ends as void when the repeat is hidden too', async () => {
    const outcome = await hiding([12, 13]).suite.run(NEVER);
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'benchmark-void', details: { test: 'alder/pp128' } },
    });
  });

  it('does not start behind another tab', async () => {
    const { suite, visibility } = bench({ alder: steady });
    visibility.note(true);
    expect(await suite.run(NEVER)).toMatchObject({ ok: false, error: { code: 'benchmark-void' } });
  });
});

describe('QuickSuite and failures', () => {
  it.each([0, 1, 5, 20])('stops at once when cancelled during call %i', async (last) => {
    const abort = new AbortController();
    const { suite, log } = bench({
      alder: (call) => {
        if (call === last) abort.abort();
        return {};
      },
    });
    expect(await suite.run(abort.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(log.calls).toHaveLength(last + 1);
  });

  it('asks nothing when cancelled before', async () => {
    const { suite, log } = bench({ alder: steady });
    expect(await suite.run(AbortSignal.abort())).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(log.calls).toHaveLength(0);
  });

  it.each([0, 4, 12])('hands on the failure of call %i', async (which) => {
    const lost = err(failure('worker-lost', { member: 'alder' }));
    const { suite, log } = bench({ alder: (call) => (call === which ? lost : {}) });
    expect(await suite.run(NEVER)).toEqual(lost);
    expect(log.calls).toHaveLength(which + 1);
  });

  it('turns what an engine throws into a failure', async () => {
    const { suite } = bench({
      alder: () => {
        throw new Error('broken engine');
      },
    });
    expect(await suite.run(NEVER)).toMatchObject({
      ok: false,
      error: { code: 'internal', cause: 'Error: broken engine' },
    });
  });

  it.each([
    ['no first token', { timeToFirstTokenMs: null }],
    ['no decode speed', { decodeTokensPerSecond: null }],
    ['a speed that is no number', { decodeTokensPerSecond: Number.NaN }],
    ['an answer stopped by somebody else', { finish: 'cancelled' as const }],
  ])('is a failure, not a sample: %s', async (_, broken) => {
    expect(await bench({ alder: () => broken }).suite.run(NEVER)).toMatchObject({
      ok: false,
      error: { code: 'engine-failed' },
    });
  });

  it('refuses an empty council', async () => {
    expect(await bench({}).suite.run(NEVER)).toMatchObject({
      ok: false,
      error: { code: 'council-unavailable' },
    });
  });
});
