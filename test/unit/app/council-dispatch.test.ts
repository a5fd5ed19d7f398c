import { beforeEach, describe, expect, it } from 'vitest';
import type { CouncilMember } from '#contracts/council';
import type { GenerateRequest, Generation, WaitsFor } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { CouncilDispatch } from '../../../src/app/council-dispatch.ts';
import { DecodingEngine, type Decoding } from '../../fakes/decoding-engine.ts';
import { dispatchOf } from '../../fakes/dispatch.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const REQUEST: GenerateRequest = { prompt: 'q', maxTokens: 9, temperature: 0, seed: 1 };
const QUICK: Decoding = { firstTokenMs: 10, stepMs: 10, tokens: 2 };
const BROKEN: Decoding = { ...QUICK, fails: { code: 'engine-failed', afterTokens: 0 } };

let clock: VirtualClock;
let dispatch: CouncilDispatch;

beforeEach(async () => {
  clock = new VirtualClock();
  dispatch = await dispatchOf(clock)();
});

function member(id: string, engine: DecodingEngine, more: Partial<CouncilMember> = {}): CouncilMember {
  return { id, name: id, backend: 'cpu', engine, accuracy: 0.5, restarts: () => 0, ...more };
}

const engine = (script: Decoding = QUICK): DecodingEngine => new DecodingEngine(clock, () => script);

async function seated(members: readonly CouncilMember[]): Promise<readonly CouncilMember[]> {
  return (await dispatch.seat({ ready: members, absent: [] })).ready;
}

interface Asked {
  readonly waits: (WaitsFor | null)[];
  outcome: Outcome<Generation> | null;
}

function ask({ engine }: CouncilMember): Asked {
  const asked: Asked = { waits: [], outcome: null };
  void engine
    .generate(
      new AbortController().signal,
      REQUEST,
      () => undefined,
      (waitsFor) => asked.waits.push(waitsFor),
    )
    .then((outcome) => {
      asked.outcome = outcome;
    });
  return asked;
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5) {
    await turn();
    clock.advance(5);
  }
  await turn();
}

describe('members that share the processor', () => {
  it('are asked in turn where they want more threads than there are, and are told what they wait for', async () => {
    const engines = [engine(), engine()];
    const [first, second] = await seated(
      engines.map((each, index) => member(String(index), each, { compute: { of: 'processor', units: 2 } })),
    );
    if (first === undefined || second === undefined) throw new Error('two members');
    expect(first.takesTurnsWith).toEqual(['0', '1']);
    const asked = [ask(first), ask(second)];
    await pass(15);
    expect(engines.map(({ running }) => running)).toEqual([1, 0]);
    await pass(100);
    expect(asked.map(({ outcome }) => outcome?.ok)).toEqual([true, true]);
    expect(asked[1]?.waits).toEqual(['processor', null]);
  });

  it('are asked at once where there are threads for all, and those that take none always', async () => {
    const engines = [engine(), engine(), engine()];
    const [first, second, third] = await seated([
      member('0', engines[0] ?? engine(), { compute: { of: 'processor', units: 1 } }),
      member('1', engines[1] ?? engine(), { compute: { of: 'processor', units: 1 } }),
      member('2', engines[2] ?? engine()),
    ]);
    for (const each of [first, second, third]) {
      if (each === undefined) throw new Error('three members');
      expect(each.takesTurnsWith).toBeUndefined();
      ask(each);
    }
    await pass(15);
    expect(engines.map(({ running }) => running)).toEqual([1, 1, 1]);
  });
});

describe('a member whose engine keeps failing', () => {
  it('is left alone for a while, and asked again as soon as its engine is replaced', async () => {
    const broken = engine(BROKEN);
    let restarts = 0;
    const failing = member('a', broken, { restarts: () => restarts });
    for (let question = 0; question < 3; question += 1) {
      const [asked] = (await seated([failing])).map(ask);
      await pass(30);
      expect(asked?.outcome).toMatchObject({ ok: false, error: { code: 'engine-failed' } });
    }
    expect(broken.calls).toHaveLength(3);
    const [refused] = (await seated([failing])).map(ask);
    await pass(30);
    expect(refused?.outcome).toMatchObject({ ok: false, error: { code: 'engine-failed' } });
    expect(broken.calls).toHaveLength(3);
    restarts = 1;
    (await seated([failing])).forEach(ask);
    await pass(30);
    expect(broken.calls).toHaveLength(4);
  });
});

it('keeps a place as long as nothing about it changes, and forgets who has gone', async () => {
  const [first] = await seated([member('a', engine())]);
  const other = engine();
  const stays = member('b', other);
  await seated([stays]);
  expect(dispatch.status().map(({ id }) => id)).toEqual(['b']);
  const [before] = await seated([stays]);
  const [after] = await seated([stays]);
  expect(after?.engine).toBe(before?.engine);
  if (first === undefined) throw new Error('a member');
  const gone = ask(first);
  await turn();
  expect(gone.outcome).toMatchObject({ ok: false, error: { code: 'member-unknown' } });
});

it('knows how fast a member writes', async () => {
  const own = member('a', engine({ firstTokenMs: 10, stepMs: 10, tokens: 11 }));
  const [new_] = await seated([own]);
  expect(new_?.tokensPerSecond).toBeNull();
  if (new_ !== undefined) ask(new_);
  await pass(200);
  const [known] = await seated([own]);
  expect(known?.tokensPerSecond).toBeGreaterThan(0);
});
