import type { RemoteEndpoint } from '../../src/contracts/remote.ts';
import { ANSWER, ask } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { WitanServe } from './support/witan-serve.ts';

test('the council of one Witan is a member of another’s', async ({ page, app }) => {
  // The page asks with its instruction, which the bundled council cannot be given.
  const other = await WitanServe.start(
    '--token',
    'secret-token',
    '--leave-out',
    'system',
    '--allow-origin',
    new URL(app.url).origin,
  );
  try {
    await openApp(page);
    const endpoint: RemoteEndpoint = {
      id: 'other',
      label: 'The other Witan',
      baseUrl: other.url,
      hasKey: false,
      server: 'auto',
    };
    const listed = await page.evaluate(async (endpoint) => {
      const never = new AbortController().signal;
      const settings = window.witan?.settings;
      const remote = await settings?.remote();
      await remote?.saveEndpoint(endpoint);
      await remote?.setKey('other', 'secret-token', false);
      const models = await remote?.listModels(never, { ...endpoint, hasKey: true });
      await remote?.save({
        id: 'council',
        name: 'The other council',
        model: 'witan-council',
        endpointIds: ['other'],
      });
      await settings?.choose(never, [
        { engine: 'remote', id: 'remote-council' },
        { engine: 'starter', id: 'alder' },
      ]);
      return models;
    }, endpoint);
    expect(listed).toMatchObject({ ok: true, value: [{ id: 'witan-council' }, {}, {}, {}] });
    const record = await ask(page, undefined, { allowRemote: true });
    expect(record).toMatchObject({ outcome: 'decided', answer: ANSWER, agreement: 1 });
    expect(record.members.find(({ id }) => id === 'remote-council')).toMatchObject({
      status: 'answered',
      backend: 'remote',
      answer: ANSWER,
    });
    expect((await ask(page, 'Who wrote the novel Middlemarch?', { allowRemote: true })).outcome).toBe(
      'abstained',
    );
    expect(other.lines.join('\n')).not.toMatch(/secret-token|Middlemarch|38 \+/);
  } finally {
    expect(await other.stop(), other.lines.join('\n')).toBe(0);
  }
});
