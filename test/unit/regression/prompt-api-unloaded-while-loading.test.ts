import { beforeEach, expect, it } from 'vitest';
import type { LoadOptions } from '#contracts/engine';
import { PromptApiEngine } from '../../../src/engines/prompt-api-engine.ts';
import { FakeLanguageModel, FakeSession } from '../../fakes/prompt-api.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const OPTIONS: LoadOptions = {
  download: true,
  model: { format: 'built-in', id: 'browser', name: 'The browser’s model' },
  threads: 1,
  contextTokens: 4096,
  slots: 1,
};

let api: FakeLanguageModel;
let engine: PromptApiEngine;

beforeEach(() => {
  api = new FakeLanguageModel();
  engine = new PromptApiEngine({
    languageModel: () => api,
    allowed: () => true,
    clock: new VirtualClock(),
    languages: ['en'],
    onLost: () => undefined,
  });
});

it('a seat that is taken back ends the browser’s download, and keeps nothing of it', async () => {
  api.manual = true;
  const loaded = engine.load(NEVER, OPTIONS);
  api.creations[0]?.progress(0.2);
  await engine.unload();
  // Before: nobody told the browser, and its session came into an engine that nobody would unload again.
  expect(await loaded).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  expect(api.creations[0]?.options.signal.aborted).toBe(true);
  const late = new FakeSession();
  api.creations[0]?.give(late);
  await turn();
  expect(late.destroyed).toBe(true);
});

it('an unload in the very moment in which the session comes leaves none behind', async () => {
  const loaded = engine.load(NEVER, OPTIONS);
  await Promise.resolve(); // the session is there, and its load has not heard of it
  await engine.unload();
  expect((await loaded).ok).toBe(false);
  expect(api.sessions.every(({ destroyed }) => destroyed)).toBe(true);
});

it('a load after an unload is a load like any other', async () => {
  await engine.unload();
  expect(await engine.load(NEVER, OPTIONS)).toMatchObject({ ok: true });
  expect(api.sessions.map(({ destroyed }) => destroyed)).toEqual([false]);
});
