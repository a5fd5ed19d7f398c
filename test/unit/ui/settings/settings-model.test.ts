import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import { failure } from '#contracts/errors';
import { SettingsModel } from '../../../../src/ui/settings/settings-model.svelte.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const LLAMA = 'Llama-3.2-1B-Instruct-q4f16_1-MLC';

let ports: FakePorts;
let model: SettingsModel;

beforeEach(async () => {
  ports = new FakePorts(new VirtualClock());
  model = new SettingsModel(ports);
  model.connect();
  await turn();
});

const ids = (): readonly string[] => model.choices.map(({ id }) => id);

describe('the seats', () => {
  it('are those of the bundled council until something is chosen', () => {
    expect(ids()).toEqual(['alder', 'birch', 'cedar']);
    expect(ports.settings.settings.members).toBeNull();
  });

  it('are given without a download, or with one that was agreed to', async () => {
    await model.add({ engine: 'web-llm', id: LLAMA }, 'Llama');
    expect(ports.calls).toEqual([]);
    await model.add({ engine: 'web-llm', id: 'SmolLM2' }, 'SmolLM2', true);
    expect(ids()).toEqual(['alder', 'birch', 'cedar', LLAMA, 'SmolLM2']);
    expect(ports.calls).toEqual(['council.download SmolLM2']);
    expect(model.announcement).toBe('SmolLM2 sits on the council.');
  });

  it('are given once, and not more than there are', async () => {
    await model.add({ engine: 'starter', id: 'alder' }, 'Alder');
    expect(ids()).toHaveLength(3);
    for (let n = 0; n < 8; n += 1) await model.add({ engine: 'web-llm', id: `m${String(n)}` }, 'M');
    expect(ids()).toHaveLength(8);
    expect(model.full).toBe(true);
  });

  it('are taken back; the last one leaves the bundled council', async () => {
    for (const id of ['alder', 'birch']) await model.remove(id, id);
    expect(ids()).toEqual(['cedar']);
    await model.remove('cedar', 'Cedar');
    expect(ports.settings.settings.members).toBeNull();
    expect(ids()).toEqual(['alder', 'birch', 'cedar']);
  });

  it('stay as they are when a change fails, and the reason is told', async () => {
    ports.settings.fault = failure('storage-failed', { store: 'settings' });
    await model.remove('birch', 'Birch');
    expect(model.problem?.code).toBe('storage-failed');
    expect(ids()).toEqual(['alder', 'birch', 'cedar']);
    expect([model.announcement, model.changing]).toEqual(['', false]);
  });

  it('keep what another tab has changed meanwhile', async () => {
    const there = (...chosen: readonly string[]): void => {
      // No word of it comes here.
      ports.settings.settings = {
        ...ports.settings.settings,
        members: chosen.map((id) => ({ engine: 'starter', id })),
      };
    };
    there('birch');
    await model.add({ engine: 'web-llm', id: LLAMA }, 'Llama');
    // Before: the list of this page was written over it, and Alder and Cedar were back.
    expect(ids()).toEqual(['birch', LLAMA]);
    there('birch', 'cedar');
    await model.remove('birch', 'Birch');
    expect(ids()).toEqual(['cedar']);
    there('alder');
    await model.add({ engine: 'starter', id: 'alder' }, 'Alder');
    expect(ids()).toEqual(['alder']);
  });

  it('follow a change made elsewhere', async () => {
    await ports.settings.choose(new AbortController().signal, [{ engine: 'starter', id: 'birch' }]);
    await turn();
    expect(ids()).toEqual(['birch']);
    await model.reset();
    expect(ids()).toEqual(['alder', 'birch', 'cedar']);
  });
});

it('shows what this device can run, or why that is not known', async () => {
  expect(model.offers?.models).toHaveLength(3);
  ports.settings.offered = err(failure('model-fetch-failed', { model: 'the catalogue' }));
  const other = new SettingsModel(ports);
  other.connect();
  await turn();
  expect(other.offers).toBeNull();
  expect(other.problem?.code).toBe('model-fetch-failed');
});

it('says so where the code of the settings cannot be fetched', async () => {
  ports.settings.read = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));
  const other = new SettingsModel(ports);
  other.connect();
  await turn();
  // Before: a rejection nobody took, and a page that looked for models for ever.
  expect(other.problem?.code).toBe('engine-unavailable');
});

it('deletes the files of a model, and its seat with them', async () => {
  await model.add({ engine: 'web-llm', id: LLAMA }, 'Llama');
  await model.removeFiles(LLAMA, 'Llama');
  expect(ports.settings.deleted).toEqual([LLAMA]);
  expect(model.sits(LLAMA)).toBe(false);
  expect(model.announcement).toBe('The files of Llama are deleted.');
});

it('touches the browser’s own model only when it is allowed and given a seat', async () => {
  expect(model.builtIn).toBe('not-allowed');
  await model.allowBuiltIn(true);
  expect(model.builtIn).toBe('downloadable');
  expect(model.settings?.builtInAllowed).toBe(true);
  expect(ports.calls).toEqual([]);
});
