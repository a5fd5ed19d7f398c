import { beforeEach, describe, expect, it } from 'vitest';
import type { MemberView } from '#contracts/council';
import { failure, type WitanFailure } from '#contracts/errors';
import { DeviceLosses } from '../../../src/resources/device-losses.ts';
import { ManagedMember } from '../../../src/resources/managed-member.ts';
import type { MemberRung, MemberSpec } from '../../../src/resources/member-spec.ts';
import type { MemberPorts } from '../../../src/resources/member-ports.ts';
import { ManualEngine } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { OAK, OAK_MEMBER } from './ladders.ts';

const NEVER = new AbortController().signal;
const OOM = failure('out-of-memory', { model: 'oak 3B' });
const DEVICE_LOST = failure('device-lost', { model: 'oak 3B' });

let clock: VirtualClock;
let launched: { readonly rung: MemberRung; readonly engine: ManualEngine }[];
let log: string[];
let deviceLosses: DeviceLosses;

beforeEach(() => {
  clock = new VirtualClock();
  launched = [];
  log = [];
  deviceLosses = new DeviceLosses();
});

function member(
  spec: MemberSpec = OAK_MEMBER,
  deadly: readonly string[] = [],
  change: Partial<MemberPorts> = {},
) {
  return new ManagedMember(
    spec,
    {
      clock,
      launch: (memberId, onLost, rung) => {
        const engine = new ManualEngine(memberId, onLost, rung.engine);
        launched.push({ rung, engine });
        log.push(`launch ${rung.id}`);
        return engine;
      },
      deviceLosses,
      marks: {
        begin: (_memberId, rungId) => {
          expect(newest().loading, 'marked before it begins').toBe(false);
          log.push(`mark ${rungId}`);
          return () => log.push(`unmark ${rungId}`);
        },
      },
      onChange: () => undefined,
      onLoadFailed: () => undefined,
      ...change,
    },
    deadly,
  );
}

function newest(): ManualEngine {
  const found = launched.at(-1);
  if (found === undefined) throw new Error('no engine was launched');
  return found.engine;
}

const standsOn = (): string => launched.at(-1)?.rung.id ?? 'nothing';
const told = (view: MemberView) => [view.fallback?.because, view.fallback?.changes, view.fallback?.now];

async function loadUp(oak: ManagedMember): Promise<void> {
  const prepared = oak.prepare(NEVER);
  newest().loaded();
  await prepared;
}

async function failLoad(problem: WitanFailure): Promise<void> {
  newest().fails(problem);
  await turn();
}

describe('going down the ladder', () => {
  it('loads less and less until something fits, and says what it is now', async () => {
    const oak = member();
    expect(oak.view()).toMatchObject({ engine: 'web-llm', backend: 'webgpu', parameters: 3e9 });
    const prepared = oak.prepare(NEVER);
    await failLoad(OOM);
    expect(standsOn()).toBe('gpu-1k');
    expect(oak.view()).toMatchObject({ state: 'loading', problem: null });
    expect(oak.view().fallback).toEqual({
      because: 'out-of-memory',
      changes: ['context'],
      chosen: 'oak 3B',
      now: 'oak 3B',
      contextTokens: 1024,
    });
    await failLoad(OOM);
    expect(told(oak.view())).toEqual(['out-of-memory', ['quantization'], 'oak 3B']);
    await failLoad(OOM);
    expect(told(oak.view())).toEqual(['out-of-memory', ['model'], 'sapling 1B']);
    newest().loaded();
    await prepared;
    expect(oak.view()).toMatchObject({ state: 'ready', parameters: 1e9, sizeBytes: 4e8, testAccuracy: 0.5 });
    expect(oak.ready()).toMatchObject({ id: 'oak', name: 'Oak', accuracy: 0.6, backend: 'webgpu' });
    expect(launched.slice(0, -1).every(({ engine }) => engine.unloads === 1)).toBe(true);
  });

  it('ends where nothing is left, and is then left alone until the user asks, who gets the top again', async () => {
    const oak = member();
    const prepared = oak.prepare(NEVER);
    for (let fall = 0; fall < 5; fall += 1) await failLoad(OOM);
    await prepared;
    expect(oak.view()).toMatchObject({ state: 'failed', problem: OOM });
    expect(oak.absent()).toMatchObject({ error: 'out-of-memory' });
    const before = launched.length;
    await oak.prepare(NEVER);
    await oak.unload();
    expect([launched.length, oak.view().state]).toEqual([before, 'failed']);
    const restarted = oak.restart();
    expect(standsOn()).toBe('gpu-f16');
    newest().loaded();
    expect(await restarted).toMatchObject({ ok: true, value: { state: 'ready' } });
    expect(oak.view()).not.toHaveProperty('fallback');
  });

  it('stops falling when whoever asked has given up', async () => {
    const oak = member();
    const controller = new AbortController();
    const prepared = oak.prepare(controller.signal);
    newest().fails(OOM);
    controller.abort();
    await prepared;
    expect([launched.length, oak.view().state]).toEqual([1, 'absent']);
  });

  it('stops when it is unloaded meanwhile', async () => {
    const oak = member();
    const prepared = oak.prepare(NEVER);
    await failLoad(failure('model-invalid', { model: 'oak' }));
    const below = newest();
    await oak.unload();
    below.fails(OOM);
    await prepared;
    expect([launched.length, oak.view().state]).toEqual([2, 'absent']);
  });

  it('takes the f32 twin where the GPU has no f16', async () => {
    const oak = member();
    void oak.prepare(NEVER);
    await failLoad(failure('feature-missing', { model: 'oak', feature: 'shader-f16' }));
    expect(standsOn()).toBe('gpu-f32');
  });
});

describe('a lost GPU', () => {
  it('is tried once more, then the model goes on without it', async () => {
    const oak = member();
    await loadUp(oak);
    newest().lose(DEVICE_LOST);
    expect([oak.view().state, standsOn()]).toEqual(['restarting', 'gpu-f16']);
    newest().loaded();
    await turn();
    expect(oak.view()).toMatchObject({ state: 'ready', restarts: 1 });
    clock.advance(60_000);
    newest().lose(DEVICE_LOST);
    expect(standsOn()).toBe('cpu');
    newest().loaded();
    await turn();
    expect(oak.view()).toMatchObject({ state: 'ready', backend: 'cpu', engine: 'wllama', restarts: 2 });
    expect(told(oak.view())).toEqual(['device-lost', ['backend', 'quantization', 'engine'], 'oak 3B']);
  });

  it('that was one crash for all brings all back; the second takes all off it', async () => {
    const both = [member(), member({ ...OAK_MEMBER, id: 'elm' })];
    for (const each of both) await loadUp(each);
    const [first, second] = launched;
    first?.engine.lose(DEVICE_LOST);
    clock.advance(300);
    second?.engine.lose(DEVICE_LOST);
    expect(launched.slice(2).map(({ rung }) => rung.id)).toEqual(['gpu-f16', 'gpu-f16']);
    for (const { engine } of launched.slice(2)) engine.loaded();
    await turn();
    clock.advance(3_600_000);
    launched[2]?.engine.lose(DEVICE_LOST);
    const third = member({ ...OAK_MEMBER, id: 'ash' });
    await loadUp(third);
    newest().lose(DEVICE_LOST); // its first loss, but not the session's
    expect(standsOn()).toBe('cpu');
  });

  it('is noticed from a failed answer too, and the worker of then is ended', async () => {
    const oak = member();
    await loadUp(oak);
    const engine = newest();
    const asked = oak
      .ready()
      ?.engine.generate(NEVER, { prompt: '?', maxTokens: 9, temperature: 0, seed: 1 }, () => undefined);
    engine.breaks(DEVICE_LOST);
    await turn();
    expect(engine.unloads).toBe(1);
    expect(oak.view()).toMatchObject({ state: 'restarting', restarts: 1 });
    newest().loaded();
    await turn();
    newest().answers[0]?.end();
    expect(await asked).toMatchObject({ ok: true, value: { replayed: true } });
  });
});

describe('a member that has nothing left to go to', () => {
  const only: MemberSpec = { ...OAK_MEMBER, rungs: [OAK[0]] };
  const request = { prompt: '?', maxTokens: 9, temperature: 0, seed: 1 };

  it('ends its engine, and the answer with it', async () => {
    const oak = member(only);
    await loadUp(oak);
    const asked = oak.ready()?.engine.generate(NEVER, request, () => undefined);
    newest().breaks(OOM);
    expect(await asked).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    expect([oak.view().state, newest().unloads, newest().alive]).toEqual(['failed', 1, false]);
  });

  it('waits for nobody when its GPU is lost for good', async () => {
    const oak = member(only);
    await loadUp(oak);
    newest().lose(DEVICE_LOST);
    newest().loaded();
    await turn();
    clock.advance(60_000);
    const asked = oak.ready()?.engine.generate(NEVER, request, () => undefined);
    newest().lose(DEVICE_LOST);
    expect(await asked).toMatchObject({ ok: false, error: { code: 'device-lost' } });
    expect(oak.view()).toMatchObject({ state: 'failed', problem: { code: 'device-lost' } });
    // A restart by hand is granted, but not a GPU that may be lost once more for free.
    const restarted = oak.restart();
    newest().lose(DEVICE_LOST);
    expect(await restarted).toMatchObject({ ok: false, error: { code: 'device-lost' } });
    expect(launched).toHaveLength(3);
  });
});

describe('marks', () => {
  it('are set before the load begins and taken away however it ends', async () => {
    const oak = member();
    const prepared = oak.prepare(NEVER);
    expect(log).toEqual(['launch gpu-f16', 'mark gpu-f16']);
    await failLoad(OOM);
    newest().loaded();
    await prepared;
    expect(log.slice(2)).toEqual(['unmark gpu-f16', 'launch gpu-1k', 'mark gpu-1k', 'unmark gpu-1k']);
  });

  it.each<[string, MemberSpec]>([
    ['bundled models', { ...OAK_MEMBER, bundled: true }],
    ['models that run elsewhere', { ...OAK_MEMBER, rungs: [{ ...OAK[0], engine: 'remote' }] }],
  ])('are spared %s', async (_, spec) => {
    await loadUp(member(spec));
    expect(log.filter((line) => line.includes('mark'))).toEqual([]);
  });

  it('of a tab that died let the member begin lower, and say why', async () => {
    const oak = member(OAK_MEMBER, ['gpu-f16']);
    expect(oak.view().state).toBe('absent');
    expect(told(oak.view())).toEqual(['died-while-loading', ['quantization'], 'oak 3B']);
    await loadUp(oak);
    expect(standsOn()).toBe('gpu-q3');
  });

  it('of a tab that died of the smallest leave it to the user', async () => {
    const oak = member(OAK_MEMBER, ['small-cpu', 'long-gone']);
    expect(oak.view()).toMatchObject({
      state: 'failed',
      problem: { code: 'model-load-failed', details: { reason: 'died-while-loading' } },
    });
    await oak.prepare(NEVER);
    expect(launched).toEqual([]);
    void oak.restart();
    expect(standsOn()).toBe('gpu-f16');
  });

  it('of rungs that are no more are ignored', () => {
    expect(member(OAK_MEMBER, ['long-gone']).view()).toMatchObject({ state: 'absent', problem: null });
  });

  it('that cannot be set are a failure of that load, not of the page', async () => {
    const marks = {
      begin: () => {
        throw new DOMException('full', 'QuotaExceededError');
      },
    };
    const oak = member(OAK_MEMBER, [], { marks });
    await oak.prepare(NEVER);
    expect(oak.view()).toMatchObject({ state: 'failed', problem: { code: 'internal' } });
  });
});
