import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { StoredModel } from '#contracts/model-store';
import type { KnownModel } from '../../../src/capacity/known-model.ts';
import { knownModels, type KnownModelPorts } from '../../../src/app/known-models.ts';
import { SHIPPED } from '../../fakes/capacity-rig.ts';
import { ggufFile } from '../../fakes/gguf-file.ts';
import { inspect, SMALL } from '../../fakes/gguf-models.ts';
import { storedModel } from '../../fakes/models-port.ts';

const { signal } = new AbortController();
const OFFERED = SHIPPED.gguf.models[0]?.id ?? '';
const OWN = storedModel({ id: 'own', name: 'Own', origin: 'import' });

async function ports(stored: readonly StoredModel[]): Promise<KnownModelPorts> {
  const inspected = await inspect(ggufFile(SMALL));
  if (!inspected.ok) throw new Error(inspected.error.code);
  const { summary } = inspected.value;
  return {
    catalogue: { gguf: () => Promise.resolve(ok(SHIPPED.gguf)) },
    starter: () => Promise.resolve(ok(SHIPPED.starter)),
    models: () =>
      Promise.resolve({
        list: () => Promise.resolve(ok(stored)),
        inspect: (id: string) =>
          Promise.resolve(id === 'broken' ? err(failure('model-invalid', { model: id })) : ok(summary)),
      }),
  };
}

async function known(of: KnownModelPorts): Promise<readonly KnownModel[]> {
  const found: Outcome<readonly KnownModel[]> = await knownModels(of, signal);
  if (!found.ok) throw new Error(found.error.code);
  return found.value;
}
const installedOf = (models: readonly KnownModel[]): string[] =>
  models.filter(({ installed, engine }) => installed && engine !== 'starter').map(({ id }) => id);

it('knows those that are bundled, those of the catalogue and those of the user', async () => {
  const models = await known(await ports([OWN]));
  const ids = models.map(({ id }) => id);
  for (const { id } of [...SHIPPED.starter.members, ...SHIPPED.gguf.models, OWN]) expect(ids).toContain(id);
  expect(models.find(({ id }) => id === 'own')).toMatchObject({
    name: 'Own',
    family: 'llama',
    installed: true,
  });
});

describe('what is on this device', () => {
  it('is a model of the catalogue that is whole, once', async () => {
    const models = await known(await ports([storedModel({ id: OFFERED })]));
    expect(installedOf(models)).toEqual([OFFERED]);
    expect(models.filter(({ id }) => id === OFFERED)).toHaveLength(1);
  });

  it.each(['partial', 'suspect', 'tombstone'] as const)('is none that is %s', async (state) => {
    const models = await known(await ports([storedModel({ id: OFFERED, state }), { ...OWN, state }]));
    expect(installedOf(models)).toEqual([]);
    expect(models.some(({ id }) => id === 'own')).toBe(false);
  });

  it('is no model of the user that another engine runs, or that cannot be read', async () => {
    const stored = [storedModel({ ...OWN, format: 'mlc' }), storedModel({ ...OWN, id: 'broken' })];
    expect(installedOf(await known(await ports(stored)))).toEqual([]);
    expect(installedOf(await known(await ports([...stored, { ...OWN, id: 'good' }])))).toEqual(['good']);
  });
});

it.each<[string, KnownModelPorts['models']]>([
  ['cannot be opened', () => Promise.reject(new Error('its code could not be fetched'))],
  [
    'cannot be listed',
    () =>
      Promise.resolve({
        list: () => Promise.resolve(err(failure('storage-failed', {}))),
        inspect: () => Promise.reject(new Error('not asked for')),
      }),
  ],
])('a store that %s holds nothing', async (_what, models) => {
  const found = await known({ ...(await ports([])), models });
  expect(installedOf(found)).toEqual([]);
  expect(found.length).toBeGreaterThan(SHIPPED.starter.members.length);
});

it('fails as the catalogue and the bundled council do', async () => {
  const failed = () => Promise.resolve(err(failure('model-fetch-failed', {})));
  const all = await ports([]);
  const expected = { error: { code: 'model-fetch-failed' } };
  expect(await knownModels({ ...all, catalogue: { gguf: failed } }, signal)).toMatchObject(expected);
  expect(await knownModels({ ...all, starter: failed }, signal)).toMatchObject(expected);
});
