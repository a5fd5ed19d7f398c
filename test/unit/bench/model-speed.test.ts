import { describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import type { Generation } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { modelSpeed, type ModelSpeed } from '../../../src/bench/model-speed.ts';
import { VisibilityLog } from '../../../src/bench/visibility-log.ts';
import { BenchEngine, benchLog, type BenchScript } from '../../fakes/bench-engine.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

class Rig {
  readonly clock = new VirtualClock();
  readonly log = benchLog(this.clock);
  readonly visibility = new VisibilityLog(this.clock, false);
  readonly fractions: number[] = [];

  async run(script: BenchScript, signal = NEVER, question = { promptTokens: 256, answerTokens: 256 }) {
    const engine = new BenchEngine('a', this.log, script);
    const timed = await modelSpeed(signal, engine, question, {
      clock: this.clock,
      visibility: this.visibility,
      onProgress: (fraction) => this.fractions.push(fraction),
    });
    return { engine, timed };
  }

  /** What was asked of the model: tokens of each answer. */
  get answers(): readonly number[] {
    return this.log.calls.map(({ request }) => request.maxTokens);
  }
}

const speed = ({ ok: well, ...rest }: Outcome<ModelSpeed>): ModelSpeed => {
  if (!well || !('value' in rest)) throw new Error(JSON.stringify(rest));
  return rest.value;
};

const at =
  (tokensPerSecond: number, ms = 0) =>
  (rig: Rig): BenchScript =>
  (_call, { prompt, maxTokens }): Partial<Generation> => {
    rig.clock.advance(ms);
    return {
      promptTokens: prompt.length,
      completionTokens: maxTokens,
      prefillTokensPerSecond: 1000,
      decodeTokensPerSecond: tokensPerSecond,
      timeToFirstTokenMs: 300,
    };
  };

describe('a model that is timed', () => {
  it('is warmed up until two answers agree, then asked three times for as much as five seconds bring', async () => {
    const rig = new Rig();
    const { timed, engine } = await rig.run(at(20)(rig));
    expect(rig.answers).toEqual([8, 8, 100, 100, 100]);
    expect(rig.log.calls.every(({ request }) => request.prompt.length === 256)).toBe(true);
    for (const { request } of rig.log.calls)
      expect(request).toMatchObject({ temperature: 0, ignoreEos: true, cachePrompt: false });
    expect(speed(timed)).toMatchObject({ voided: 0, spread: 0, stable: true });
    expect(speed(timed).runs).toHaveLength(3);
    expect(speed(timed).runs[0]).toEqual({
      promptTokens: 256,
      prefillMs: 256,
      contextTokens: 306,
      decodeMs: 50,
      firstTokenMs: 300,
    });
    expect(engine.pacing.decodeDelayMs).toBe(0);
    expect(rig.fractions).toEqual([0, 1 / 3, 2 / 3]);
  });

  it.each([
    [1000, 256],
    [0.2, 8],
  ])('at %d tokens a second answers with %d', async (tokensPerSecond, tokens) => {
    const rig = new Rig();
    await rig.run(at(tokensPerSecond)(rig));
    expect(rig.answers.at(-1)).toBe(tokens);
  });

  it('that is very slow is asked twice, once it has run twice', async () => {
    const rig = new Rig();
    const { timed } = await rig.run(at(0.5, 40_000)(rig));
    expect(speed(timed).runs).toHaveLength(2);
    expect(rig.answers).toHaveLength(4);
  });

  it('whose warm-up has taken a minute is timed all the same', async () => {
    const rig = new Rig();
    await rig.run(at(0.5, 70_000)(rig));
    expect(rig.answers).toHaveLength(3);
  });

  const turns = [
    ['in writing', (odd: boolean): Partial<Generation> => ({ decodeTokensPerSecond: odd ? 20 : 10 })],
    [
      'in reading',
      (odd: boolean): Partial<Generation> => ({
        prefillTokensPerSecond: odd ? 1000 : 100,
        timeToFirstTokenMs: odd ? 300 : 3000,
      }),
    ],
  ] as const;
  it.each(turns)('that never agrees %s is warmed up five times at most', async (_how, turn) => {
    const rig = new Rig();
    let calls = 0;
    await rig.run((call, request) => {
      calls += 1;
      return { ...at(20)(rig)(call, request), ...turn(calls % 2 === 1) };
    });
    expect(rig.answers).toHaveLength(8);
    expect(rig.answers.filter((tokens) => tokens === 8)).toHaveLength(5);
  });

  it('of which two answers of three are far from each other is unsteady', async () => {
    const rig = new Rig();
    const seconds = [10, 20, 40];
    const { timed } = await rig.run((call, request) =>
      at(call < 2 ? 20 : (seconds[call - 2] ?? 20))(rig)(call, request),
    );
    expect(speed(timed)).toMatchObject({ stable: false });
    expect(speed(timed).spread).toBe(0.5);
  });

  it('is asked again what it was asked while the page was hidden', async () => {
    const rig = new Rig();
    const { timed } = await rig.run((call, request) => {
      if (call === 3) {
        rig.visibility.note(true);
        rig.visibility.note(false);
      }
      return at(20)(rig)(call, request);
    });
    expect(speed(timed)).toMatchObject({ voided: 1 });
    expect(speed(timed).runs).toHaveLength(3);
  });
});

describe('a model that cannot be timed', () => {
  it('is given up in a page that stays hidden', async () => {
    const rig = new Rig();
    rig.visibility.note(true);
    const { timed } = await rig.run(at(20)(rig));
    expect(timed).toMatchObject({ error: { code: 'benchmark-void' } });
  });

  it('says so when its answers have no figures', async () => {
    const rig = new Rig();
    const { timed } = await rig.run(() => ({ decodeTokensPerSecond: null }));
    expect(timed).toMatchObject({ error: { code: 'engine-failed', details: { reason: 'no-figure' } } });
  });

  it('fails as its engine fails, in the warm-up and after', async () => {
    for (const fails of [0, 3]) {
      const rig = new Rig();
      const { timed } = await rig.run((call, request) =>
        call === fails ? err(failure('device-lost')) : at(20)(rig)(call, request),
      );
      expect(timed).toEqual(err(failure('device-lost')));
    }
  });

  it('ends when it is stopped', async () => {
    const rig = new Rig();
    const stop = new AbortController();
    const { timed } = await rig.run((call, request) => {
      if (call === 2) stop.abort();
      return at(20)(rig)(call, request);
    }, stop.signal);
    expect(timed).toMatchObject({ error: { code: 'cancelled' } });
    expect(rig.log.calls).toHaveLength(3);
  });
});
