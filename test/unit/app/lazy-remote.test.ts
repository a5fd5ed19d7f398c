import { expect, it } from 'vitest';
import { systemClock } from '#kernel/clock';
import { LazyRemote } from '../../../src/app/lazy-remote.ts';
import { RemoteService } from '../../../src/app/remote-service.ts';

const methods = (type: { readonly prototype: object }): readonly string[] =>
  Object.getOwnPropertyNames(type.prototype).sort();

function lazy(): LazyRemote {
  return new LazyRemote({
    clock: systemClock,
    database: Promise.resolve(null),
    startWorker: () => {
      throw new Error('no worker is wanted here');
    },
  });
}

it('has all that the service has', () => {
  expect(methods(LazyRemote)).toEqual(methods(RemoteService));
});

it('is one service from its first use on', async () => {
  const remote = lazy();
  const attic = {
    id: 'attic',
    label: 'Attic',
    baseUrl: 'http://localhost:8080/v1',
    hasKey: false,
    server: 'auto',
  } as const;
  const far = { id: 'far', name: 'Far', model: 'tiny', endpointIds: ['attic'] };
  expect(await remote.saveEndpoint(attic)).toEqual({ ok: true, value: null });
  expect(await remote.save(far)).toEqual({ ok: true, value: null });
  expect(await remote.endpoints()).toEqual({ ok: true, value: [attic] });
  expect(await remote.members()).toEqual({ ok: true, value: [far] });
  expect(await remote.memberSpecs()).toMatchObject({ ok: true, value: [{ id: 'remote-far' }] });
  expect(await remote.setKey('attic', 'sk-1234', false)).toEqual({ ok: true, value: null });
  expect(await remote.keyState('attic')).toBe('memory');
  expect(await remote.setKey('attic', null, false)).toEqual({ ok: true, value: null });
  expect(await remote.keyState('attic')).toBe('none');
  expect(await remote.remove('far')).toEqual({ ok: true, value: null });
  expect(await remote.removeEndpoint('attic')).toEqual({ ok: true, value: null });
  expect(await remote.endpoints()).toEqual({ ok: true, value: [] });
});

it('launches nothing before it was asked for its members', async () => {
  const remote = lazy();
  expect(() => remote.launch('remote-far', () => undefined)).toThrow('before one can be launched');
  await remote.memberSpecs();
  expect(() => remote.launch('remote-far', () => undefined)).toThrow('no worker is wanted here');
});
