import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { present } from '#kernel/assert';
import { normalizedBaseUrl, type RemoteEndpoint, type RemoteKey } from '#contracts/remote';
import { before, NEVER, RemoteRig, REQUEST } from './remote-rig.ts';

/**
 * Through the real worker, against a server that really runs and allows other origins:
 * `WITAN_TEST_ENDPOINT=http://localhost:8080 npx vitest run -c test/vitest/browser.config.ts test/browser/remote-live.test.ts`,
 * with `WITAN_TEST_MODEL` (default: the first of its list) and `WITAN_TEST_KEY` where they are needed.
 */
const live = inject('liveServer');
const NAME =
  live === null
    ? 'a real server: skipped, because none is named in WITAN_TEST_ENDPOINT'
    : `a real server at ${live.address}`;

describe.skipIf(live === null)(NAME, () => {
  let rig: RemoteRig;
  let endpoint: RemoteEndpoint;
  let key: RemoteKey | null;
  let model: string;

  beforeAll(async () => {
    const { address, model: named, key: secret } = present(live, 'a server');
    const baseUrl = present(normalizedBaseUrl(address), 'an address in WITAN_TEST_ENDPOINT');
    endpoint = { id: 'live', label: 'Live', baseUrl, hasKey: secret !== null, server: 'auto' };
    key = secret === null ? null : { endpointId: 'live', origin: new URL(baseUrl).origin, key: secret };
    rig = new RemoteRig([endpoint]);
    const listed = await rig.worker.call(null, (api) => api.listModels(endpoint, key));
    if (!listed.ok) throw new Error(JSON.stringify(listed.error));
    model = named ?? present(listed.value?.[0], 'a model').id;
    const loaded = await load(rig);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  });

  afterAll(async () => {
    expect(rig.lost).toEqual([]);
    await rig.engine.unload();
  });

  function load(which: RemoteRig, keys: readonly RemoteKey[] = key === null ? [] : [key]) {
    return which.load({
      member: { id: 'far', name: 'Far', model, endpointIds: ['live'] },
      keys,
      times: { healthMs: 8_000, firstTokenMs: 60_000, tokenGapMs: 20_000 },
    });
  }

  test('is well', async ({ annotate }) => {
    const health = await rig.worker.call(null, (api) => api.check(endpoint, key));
    await annotate(JSON.stringify(health));
    expect(health).toMatchObject({ ok: true, value: { state: 'ok' } });
  });

  test('streams an answer', async ({ annotate }) => {
    const { outcome, text } = await rig.ask();
    await annotate(JSON.stringify(outcome));
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(text).toBe(outcome.value.text);
    expect(outcome.value.completionTokens).toBeGreaterThan(0);
  });

  test('takes two members at once', async ({ annotate }) => {
    const other = new RemoteRig([endpoint]);
    await load(other);
    const both = await Promise.all([rig.ask(), other.ask()]);
    await annotate(JSON.stringify(both.map(({ text }) => text)));
    expect(both.map(({ outcome }) => outcome.ok)).toEqual([true, true]);
    await other.engine.unload();
  });

  test('stops at once, and answers again', async ({ annotate }) => {
    const stop = new AbortController();
    const asking = rig.engine.generate(
      stop.signal,
      { ...REQUEST, maxTokens: 200, temperature: 1, ignoreEos: true },
      () => {
        stop.abort();
      },
    );
    const stopped = await before(60_000, asking);
    await annotate(JSON.stringify(stopped));
    expect(stopped).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
    expect((await rig.ask()).outcome.ok).toBe(true);
  });

  test('says when a question does not fit, unless it shortens it by itself', async ({ annotate }) => {
    const prompt = 'one two three four five six seven eight nine ten '.repeat(4_000);
    const outcome = await rig.engine.generate(NEVER, { ...REQUEST, prompt }, () => undefined);
    await annotate(JSON.stringify(outcome).slice(0, 400));
    if (!outcome.ok) expect(outcome.error.code).toBe('context-exceeded');
  });

  test('refuses a wrong key, where it wants one', async ({ annotate, skip }) => {
    if (key === null) skip('no key is named in WITAN_TEST_KEY');
    const wrong = new RemoteRig([endpoint]);
    const loaded = await load(wrong, [{ ...present(key, 'a key'), key: 'sk-surely-wrong' }]);
    // Some servers list their models to everybody, and ask for the key with the question.
    const refused = loaded.ok ? (await wrong.ask()).outcome : loaded;
    await annotate(JSON.stringify(refused));
    expect(refused).toMatchObject({ error: { details: { endpoint: 'Live' } } });
    expect(JSON.stringify(refused)).not.toContain('surely');
    await wrong.engine.unload();
  });
});
