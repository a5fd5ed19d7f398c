import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { newId, ServerModel } from '../../../../src/ui/settings/server-model.svelte.ts';
import { FakeSettingsPort } from '../../../fakes/settings-port.ts';
import { turn } from '../../../fakes/turn.ts';

let settings: FakeSettingsPort;
let servers: ServerModel;

beforeEach(async () => {
  settings = new FakeSettingsPort();
  servers = new ServerModel(settings);
  servers.connect();
  await turn();
});

describe('a server', () => {
  it('is saved, tested and asked for its models', async () => {
    servers.address = ' http://localhost:8080/v1/chat/completions ';
    await servers.test();
    expect(settings.servers.servers).toMatchObject([
      { id: 'localhost-8080', label: 'localhost:8080', baseUrl: 'http://localhost:8080/v1' },
    ]);
    expect(servers.tested).toMatchObject({
      latencyMs: 12,
      models: [{ id: 'qwen3-8b' }, { id: 'llama-3.3-70b' }],
    });
    expect([servers.wanted, servers.busy, servers.problem]).toEqual(['qwen3-8b', false, null]);
  });

  it('whose address is none is refused before anything is saved', async () => {
    for (const address of ['', 'localhost', 'ftp://host', 'http://user:key@host/', 'http://host/?key=1']) {
      servers.address = address;
      await servers.test();
      expect(servers.problem?.code, address).toBe('record-invalid');
    }
    expect(settings.servers.servers).toEqual([]);
  });

  it('that does not answer stays in the list, with the reason shown', async () => {
    settings.servers.fault = failure('remote-unreachable', { model: 'localhost:8080' });
    servers.address = 'http://localhost:8080';
    await servers.test();
    expect(servers.problem?.code).toBe('remote-unreachable');
    expect(servers.tested).toBeNull();
    expect(servers.servers).toHaveLength(1);
    settings.servers.fault = null;
    const [known] = servers.servers;
    if (known === undefined) throw new Error('it was not saved');
    await servers.testKnown(known.endpoint);
    expect([servers.problem, servers.tested?.endpoint.id]).toEqual([null, 'localhost-8080']);
  });

  it('is the same one when its address is entered again', async () => {
    for (const address of ['http://localhost:8080', 'http://localhost:8080/v1/models']) {
      servers.address = address;
      await servers.test();
    }
    expect(settings.servers.servers).toHaveLength(1);
  });

  it('warns of addresses that are read on their way', () => {
    servers.address = 'http://192.168.1.7:8080';
    expect(servers.inTheClear).toBe(true);
    for (const address of ['https://192.168.1.7', 'http://localhost:1', 'http://127.0.0.1', 'nonsense']) {
      servers.address = address;
      expect(servers.inTheClear, address).toBe(false);
    }
  });
});

describe('a key', () => {
  beforeEach(() => {
    servers.address = 'https://models.test';
    servers.key = 'sk-secret';
  });

  it('leaves the form with the test, and is in memory only unless the user says otherwise', async () => {
    await servers.test();
    expect(settings.servers.keys.get('models-test')).toBe('sk-secret');
    expect([servers.key, servers.servers[0]?.keyState]).toEqual(['', 'memory']);
  });

  it('is kept under a passphrase; without one nothing is sent, kept or lost', async () => {
    servers.keep = true;
    await servers.test();
    expect(servers.problem?.code).toBe('record-invalid');
    expect(settings.servers.keys.size).toBe(0);
    expect(servers.key).toBe('sk-secret');
    servers.passphrase = 'correct horse';
    await servers.test();
    expect([servers.key, servers.passphrase, servers.servers[0]?.keyState]).toEqual(['', '', 'kept']);
  });

  it('is forgotten on demand', async () => {
    await servers.test();
    await servers.forgetKey('models-test');
    expect(settings.servers.keys.size).toBe(0);
    expect(servers.servers[0]?.keyState).toBe('none');
  });
});

describe('a member', () => {
  beforeEach(async () => {
    servers.address = 'http://localhost:8080';
    await servers.test();
  });

  it('is made of a model of the tested server', async () => {
    servers.name = ' Far one ';
    expect(await servers.addMember()).toEqual({ id: 'remote-far-one', name: 'Far one' });
    expect(settings.servers.seats).toEqual([
      { id: 'far-one', name: 'Far one', model: 'qwen3-8b', endpointIds: ['localhost-8080'] },
    ]);
  });

  it('takes the model’s name unless it is given another, and an id of its own', async () => {
    expect(await servers.addMember()).toEqual({ id: 'remote-qwen3-8b', name: 'qwen3-8b' });
    expect(await servers.addMember()).toEqual({ id: 'remote-qwen3-8b-2', name: 'qwen3-8b' });
    servers.wanted = '  ';
    expect(await servers.addMember()).toBeNull();
  });

  it('is given a second server that has the same model', async () => {
    await servers.addMember();
    expect(servers.elsewhere).toBeNull();
    servers.address = 'http://localhost:9090';
    await servers.test();
    const { elsewhere } = servers;
    if (elsewhere === null) throw new Error('it is not offered');
    await servers.addServerTo(elsewhere);
    expect(settings.servers.seats[0]?.endpointIds).toEqual(['localhost-8080', 'localhost-9090']);
    expect(servers.elsewhere).toBeNull();
  });
});

it('makes ids of any text', () => {
  expect(newId('Llama 3.2 (1B)', [])).toBe('llama-3-2-1b');
  expect(newId('模型', [])).toBe('server');
  expect(newId('a', ['a', 'a-2'])).toBe('a-3');
  expect(newId('x'.repeat(99), []).length).toBeLessThanOrEqual(64);
});
