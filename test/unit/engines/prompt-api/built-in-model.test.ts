import { beforeEach, expect, it } from 'vitest';
import {
  builtInAvailability,
  type BuiltInModelPorts,
} from '../../../../src/engines/prompt-api/built-in-model.ts';
import { languageModelOf } from '../../../../src/engines/prompt-api/language-model.ts';
import { samplingModeOf } from '../../../../src/engines/prompt-api/sampling-mode.ts';
import { FakeLanguageModel } from '../../../fakes/prompt-api.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

let clock: VirtualClock;
let api: FakeLanguageModel;
let ports: BuiltInModelPorts;

beforeEach(() => {
  clock = new VirtualClock();
  api = new FakeLanguageModel();
  ports = { languageModel: () => api, allowed: () => true, clock, languages: ['en', 'de'] };
});

it('is not asked for before the user has allowed it', async () => {
  const refused = await builtInAvailability(NEVER, { ...ports, allowed: () => false }, 'Nano');
  expect(refused).toMatchObject({ error: { code: 'consent-required' } });
  expect(api.calls).toEqual([]);
});

it.each(['unavailable', 'downloadable', 'downloading', 'available'] as const)(
  '%s is shown',
  async (state) => {
    api.available = Promise.resolve(state);
    expect(await builtInAvailability(NEVER, ports, 'Nano')).toEqual({ ok: true, value: state });
    // The same options as for a session: only then does the answer hold for it.
    expect(api.calls).toMatchObject([
      ['availability', { samplingMode: 'most-predictable', expectedOutputs: [{ languages: ['en', 'de'] }] }],
    ]);
  },
);

it('is none where there is no such thing, or one of a state we do not know', async () => {
  const none = await builtInAvailability(NEVER, { ...ports, languageModel: () => null }, 'Nano');
  expect(none).toEqual({ ok: true, value: 'unavailable' });
  api.available = Promise.resolve('in-the-mail' as 'available');
  expect(await builtInAvailability(NEVER, ports, 'Nano')).toEqual({ ok: true, value: 'unavailable' });
});

it('settles whatever the browser does', async () => {
  api.available = Promise.reject(new DOMException('', 'UnknownError'));
  expect(await builtInAvailability(NEVER, ports, 'Nano')).toMatchObject({
    error: { code: 'model-load-failed' },
  });
  api.available = new Promise(() => undefined);
  const silent = builtInAvailability(NEVER, ports, 'Nano');
  clock.advance(60_000);
  expect(await silent).toMatchObject({ error: { code: 'deadline-exceeded' } });
  const controller = new AbortController();
  const left = builtInAvailability(controller.signal, ports, 'Nano');
  controller.abort();
  await turn();
  expect(await left).toMatchObject({ error: { code: 'cancelled' } });
  expect(await builtInAvailability(controller.signal, ports, 'Nano')).toMatchObject({
    error: { code: 'cancelled' },
  });
});

it('is found in a window by looking only', () => {
  class LanguageModel {
    static create(): never {
      throw new Error('called');
    }
  }
  expect(languageModelOf({ LanguageModel })).toBe(LanguageModel);
  for (const scope of [{}, { LanguageModel: undefined }, { LanguageModel: {} }, { LanguageModel: () => 1 }]) {
    expect(languageModelOf(scope)).toBeNull();
  }
});

it('names a mode for every temperature, never a more predictable one for a higher', () => {
  const order = ['most-predictable', 'predictable', 'balanced', 'creative', 'most-creative'];
  const steps = Array.from({ length: 201 }, (_, step) => order.indexOf(samplingModeOf(step / 100)));
  expect(steps[0]).toBe(0);
  expect(new Set(steps)).toEqual(new Set([0, 1, 2, 3, 4]));
  expect([...steps].sort((a, b) => a - b)).toEqual(steps);
});
