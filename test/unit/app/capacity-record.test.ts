import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import type { PredictionVerdict } from '#contracts/capacity';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import { failure } from '#contracts/errors';
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

let rig: CapacityRig;
beforeEach(async () => {
  rig = capacityRig();
  await rig.speeds.write(calibrated());
});

async function noted(record: Deliberation): Promise<readonly PredictionVerdict[]> {
  await rig.service.note(record);
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

  it('counts one that wrote nothing for none', async () => {
    expect(await noted(round(member(), member({ id: 'mute', tokens: 0 })))).toHaveLength(1);
  });

  it.each([
    ['two members share the processor', [member(), member({ id: 'other' })]],
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

  it('says nothing on a device that was not measured', async () => {
    rig = capacityRig();
    expect(await noted(round(member()))).toEqual([]);
  });

  it('says nothing where the catalogue or the probe fail', async () => {
    const speeds = Promise.resolve(rig.speeds);
    rig = capacityRig({ speeds, device: { probe: () => Promise.resolve(err(failure('cancelled'))) } });
    expect(await noted(round(member()))).toEqual([]);
    rig = capacityRig({ speeds, starter: () => Promise.resolve(err(failure('model-fetch-failed', {}))) });
    expect(await noted(round(member()))).toEqual([]);
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
    await expect(service.note(round(member()))).resolves.toBeUndefined();
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
    value: { verdicts: [], medianError: null, covered: null },
  });
  await rig.predictions.add([decodeVerdict(1, 1), decodeVerdict(2, 2)]);
  expect(await rig.service.record()).toMatchObject({ value: { covered: 0.5, medianError: 0.25 } });
});
