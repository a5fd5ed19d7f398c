import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import type { PredictionVerdict } from '#contracts/capacity';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { LoadedModel } from '#contracts/engine';
import { failure } from '#contracts/errors';
import type { RoundCircumstances } from '../../../src/app/round-verdicts.ts';
import { catalogueModel } from '../../../src/capacity/known-model.ts';
import { accountedMemory } from '../../../src/capacity/predict-model.ts';
import type { PredictionStore } from '../../../src/storage/prediction-store.ts';
import { capacityRig, LLAMA_ID, SHIPPED, type CapacityRig } from '../../fakes/capacity-rig.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { decodeVerdict } from '../../fakes/prediction-verdicts.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';

const member = (change: Partial<MemberOutcome> = {}): MemberOutcome => ({
  id: LLAMA_ID,
  name: 'Llama',
  engine: 'wllama',
  backend: 'cpu',
  status: 'answered',
  answer: '85',
  key: '85',
  tokens: 60,
  promptTokens: 100,
  ttftMs: 900,
  tokensPerSecond: 3,
  durationMs: 20_000,
  ...change,
});
const round = (...members: readonly MemberOutcome[]): Deliberation =>
  deliberation('r', 4000, { members: [...members] });

const loaded = (
  change: Partial<Omit<LoadedModel, 'memory'>> & { readonly memory?: LoadedModel['memory'] | undefined } = {},
): LoadedModel => {
  const { memory, ...rest } = {
    modelId: LLAMA_ID,
    backend: 'cpu' as const,
    threads: 2,
    contextTokens: 4096,
    vocabularySize: 128_256,
    weightBytes: 807e6,
    loadMs: 900,
    memory: { weightsBytes: 800e6, kvBytes: 130e6, computeBytes: 10e6 },
    ...change,
  };
  return memory === undefined ? rest : { ...rest, memory };
};
const LOADED: RoundCircumstances = { disturbed: false, loaded: new Map([[LLAMA_ID, loaded()]]) };

let rig: CapacityRig;
beforeEach(async () => {
  rig = capacityRig();
  await rig.speeds.write(calibrated());
});

const QUIET: RoundCircumstances = { disturbed: false, loaded: new Map() };

async function noted(
  record: Deliberation,
  circumstances: RoundCircumstances = QUIET,
): Promise<readonly PredictionVerdict[]> {
  await rig.service.note(record, circumstances);
  const listed = await rig.predictions.list();
  return listed.ok ? listed.value : [];
}

describe('a round', () => {
  it('of one member is compared with what was predicted of it', async () => {
    const [verdict, ...others] = await noted(round(member()));
    // How much of the prompt was new nobody says, and the engine tells its memory to nobody here.
    expect(others).toEqual([]);
    expect(verdict).toMatchObject({
      what: 'decode',
      modelId: LLAMA_ID,
      measured: 3,
      backend: 'cpu',
      atMs: 4000,
      promptTokens: 100,
    });
    const predicted = await rig.service.predict(new AbortController().signal, [LLAMA_ID]);
    const usual = predicted.ok ? predicted.value.models[0]?.tokensPerSecond?.median : undefined;
    // A shorter context than the usual question's: a little faster, if anything.
    expect(verdict?.predicted.median).toBeGreaterThanOrEqual(usual ?? Infinity);
    expect(await rig.service.record()).toMatchObject({ ok: true, value: { verdicts: [verdict] } });
  });

  it('counts a member on a server for nobody on this device', async () => {
    const remote = member({ id: 'far', engine: 'remote', backend: 'remote' });
    expect(await noted(round(member(), remote))).toHaveLength(1);
    expect(await noted(round(remote))).toHaveLength(1);
  });

  it('counts one that never took part, or hardly, for none', async () => {
    const mute = { id: 'mute', tokens: 0, status: 'failed' } as const;
    expect(await noted(round(member(), member({ ...mute, durationMs: 0 })))).toHaveLength(1);
    expect(await noted(round(member(), member({ ...mute, durationMs: 1000 })))).toHaveLength(2);
  });

  it.each([
    ['two members share the processor', [member(), member({ id: 'other' })]],
    ['one on the card needs the processor too', [member(), member({ id: 'other', backend: 'webgpu' })]],
    [
      'the card runs one of another engine',
      [member(), member({ id: 'other', engine: 'web-llm', backend: 'webgpu' })],
    ],
    [
      'the browser runs its own model',
      [member(), member({ id: 'other', engine: 'prompt-api', backend: 'browser' })],
    ],
    ['another read the question, and wrote nothing', [member(), member({ id: 'other', tokens: 0 })]],
    ['another worked a little too long', [member(), member({ id: 'other', durationMs: 1001 })]],
    ['nobody says how long the question was', [{ ...member(), promptTokens: undefined }]],
    ['it ran on another backend', [member({ backend: 'webgpu' })]],
    ['another engine ran it', [member({ engine: 'web-llm' })]],
    ['the model is bundled', [member({ id: SHIPPED.starter.members[0]?.id ?? '' })]],
    ['nobody knows the model', [member({ id: 'nobody' })]],
    ['its engine was lost on the way', [member({ restarts: 1 })]],
    ['it wrote too little', [member({ tokens: 7 })]],
    ['it has no speed', [member({ tokensPerSecond: null })]],
    ['it has no members', []],
  ] as const)('says nothing where %s', async (_what, members) => {
    const told = members.map((each): MemberOutcome => {
      const { promptTokens, ...rest } = each;
      return promptTokens === undefined ? rest : { ...rest, promptTokens };
    });
    expect(await noted(round(...told))).toEqual([]);
  });

  it('says nothing where something else took the device meanwhile', async () => {
    expect(await noted(round(member()), { ...QUIET, disturbed: true })).toEqual([]);
  });

  it('says nothing of speed where it had other threads, or another model', async () => {
    const withModel = (change: Partial<LoadedModel>): RoundCircumstances => ({
      disturbed: false,
      loaded: new Map([[LLAMA_ID, loaded({ memory: undefined, ...change })]]),
    });
    expect(await noted(round(member()), withModel({}))).toHaveLength(1);
    expect(await noted(round(member()), withModel({ threads: 1 }))).toHaveLength(1);
    expect(await noted(round(member()), withModel({ modelId: 'nobody' }))).toHaveLength(1);
    // Of the model that took its seat, not of the one that was chosen.
    const [other] = SHIPPED.gguf.models.filter(({ id, files }) => id !== LLAMA_ID && files.length === 1);
    const [verdict, ...rest] = await noted(round(member({})), withModel({ modelId: other?.id ?? '' }));
    expect([verdict, ...rest].map((each) => each?.modelId).sort()).toEqual([LLAMA_ID, other?.id].sort());
  });

  it('says nothing on a device that was not measured', async () => {
    rig = capacityRig();
    expect(await noted(round(member()))).toEqual([]);
  });

  it('says nothing where the catalogue or the probe fail', async () => {
    const speeds = Promise.resolve(rig.speeds);
    rig = capacityRig({ speeds, device: { probe: () => Promise.resolve(err(failure('cancelled'))) } });
    expect(await noted(round(member()), LOADED)).toEqual([]);
    rig = capacityRig({ speeds, starter: () => Promise.resolve(err(failure('model-fetch-failed', {}))) });
    expect(await noted(round(member()))).toEqual([]);
  });
});

describe('the memory of a model', () => {
  const shorter = loaded({ contextTokens: 2048 });
  const known = SHIPPED.gguf.models.flatMap((model) => {
    const found = model.id === LLAMA_ID ? catalogueModel(model, false) : null;
    return found === null ? [] : [found];
  });
  const memories = async (
    of: RoundCircumstances,
    ...members: readonly MemberOutcome[]
  ): Promise<readonly PredictionVerdict[]> =>
    (await noted(round(...members), of)).filter(({ what }) => what === 'memory');

  it('is compared with the engine’s own account, at the context that it was loaded with', async () => {
    const [verdict, ...others] = await memories(
      { ...QUIET, loaded: new Map([[LLAMA_ID, shorter]]) },
      member(),
    );
    expect(others).toEqual([]);
    expect(verdict).toMatchObject({
      modelId: LLAMA_ID,
      backend: 'cpu',
      measured: 940e6,
      promptTokens: 100,
      atMs: 4000,
      predicted: known.map((model) => accountedMemory(model, shorter))[0],
    });
    const usual = known.map((model) => accountedMemory(model, { ...shorter, contextTokens: 4096 }))[0];
    // 2,048 tokens of 32 KiB fewer.
    expect((usual?.median ?? 0) - (verdict?.predicted.median ?? 0)).toBeGreaterThanOrEqual(2048 * 32_768);
    expect(await rig.service.record()).toMatchObject({
      value: { kinds: [{ what: 'decode' }, { what: 'memory' }] },
    });
  });

  it('counts where speed does not: beside others, disturbed, and on a device that was not measured', async () => {
    rig = capacityRig();
    const both = round(member(), member({ id: 'other', backend: 'webgpu' }));
    const [verdict, ...others] = await noted(both, { ...LOADED, disturbed: true });
    expect(verdict?.what).toBe('memory');
    expect(others).toEqual([]);
  });

  it('counts once for each load, however often it is asked', async () => {
    for (let asked = 0; asked < 3; asked += 1) await memories(LOADED, member());
    expect(await memories(LOADED, member())).toHaveLength(1);
    const again: RoundCircumstances = { ...QUIET, loaded: new Map([[LLAMA_ID, loaded()]]) };
    expect(await memories(again, member())).toHaveLength(2);
  });

  it.each([
    ['it took no part', LOADED, member({ id: 'other' })],
    [
      'its engine does not tell',
      { ...QUIET, loaded: new Map([[LLAMA_ID, loaded({ memory: undefined })]]) },
      member(),
    ],
    ['another engine ran it', LOADED, member({ engine: 'web-llm' })],
    [
      'nobody knows the model',
      { ...QUIET, loaded: new Map([[LLAMA_ID, loaded({ modelId: 'nobody' })]]) },
      member(),
    ],
  ] as const)('is not compared where %s', async (_what, circumstances, outcome) => {
    expect(await memories(circumstances, outcome)).toEqual([]);
  });
});

describe('a store that fails', () => {
  const full = () => Promise.resolve(err(failure('storage-failed', {})));
  const broken = { add: full, list: full } as unknown as PredictionStore;

  it('costs a round nothing, and the record says so', async () => {
    const { service } = capacityRig({
      speeds: Promise.resolve(rig.speeds),
      predictions: Promise.resolve(broken),
    });
    await expect(service.note(round(member()), LOADED)).resolves.toBeUndefined();
    expect(await service.record()).toMatchObject({ error: { code: 'storage-failed' } });
    expect(await service.plan(new AbortController().signal, 'speed')).toMatchObject({
      ok: true,
      value: { correction: 1 },
    });
  });
});

it('the record is empty at first, then says how right predictions were', async () => {
  expect(await rig.service.record()).toEqual({
    ok: true,
    value: { verdicts: [], medianError: null, covered: null, kinds: [] },
  });
  await rig.predictions.add([decodeVerdict(1, 1), decodeVerdict(2, 2)]);
  expect(await rig.service.record()).toMatchObject({ value: { covered: 0.5, medianError: 0.25 } });
});
