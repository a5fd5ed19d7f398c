import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  normalizedBaseUrl,
  RemoteEndpointSchema,
  RemoteHealthSchema,
  RemoteMemberSchema,
  RemoteSettingsSchema,
  sentInTheClear,
} from '#contracts/remote';

const ENDPOINT = {
  id: 'attic',
  label: 'Attic',
  baseUrl: 'http://localhost:8080/v1',
  hasKey: true,
  server: 'auto',
};
const MEMBER = { id: 'far', name: 'Far', model: 'llama3:8b', endpointIds: ['attic'] };

describe('addresses', () => {
  it.each([
    ['http://localhost:8080', 'http://localhost:8080/v1'],
    [' http://LOCALHOST:8080/ ', 'http://localhost:8080/v1'],
    ['http://localhost:11434/v1/', 'http://localhost:11434/v1'],
    ['https://a.example/v1/chat/completions', 'https://a.example/v1'],
    ['https://a.example/v1/models', 'https://a.example/v1'],
    ['https://a.example:443/openai', 'https://a.example/openai/v1'],
    ['https://a.example/api/v3', 'https://a.example/api/v3'],
    ['http://[::1]:8000', 'http://[::1]:8000/v1'],
  ])('%j is %j', (text, expected) => {
    expect(normalizedBaseUrl(text)).toBe(expected);
    expect(normalizedBaseUrl(expected)).toBe(expected); // and stays so
  });

  it.each([
    '',
    'localhost:8080',
    'a.example',
    'ftp://a.example',
    'javascript:alert(1)',
    'https://user:secret@a.example',
    'https://secret@a.example',
    'https://a.example?key=secret',
    'https://a.example/v1#secret',
    `https://a.example/${'x'.repeat(2_000)}`,
  ])('%j is no address', (text) => {
    expect(normalizedBaseUrl(text)).toBeNull();
  });

  it.each([
    ['https://a.example/v1', false],
    ['http://localhost:8080/v1', false],
    ['http://127.0.0.1:8080/v1', false],
    ['http://[::1]:8080/v1', false],
    ['http://box.localhost/v1', false],
    ['http://192.168.1.5:8080/v1', true],
    ['http://a.example/v1', true],
    ['http://127.0.0.1.example/v1', true],
    ['http://localhost.example/v1', true],
  ])('%j is sent in the clear: %j', (baseUrl, expected) => {
    expect(sentInTheClear(baseUrl)).toBe(expected);
  });
});

describe('what is kept', () => {
  it('is endpoints and members', () => {
    const settings = { schema: 'witan.remote', version: 1, endpoints: [ENDPOINT], members: [MEMBER] };
    expect(v.parse(RemoteSettingsSchema, JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  it.each([
    ['a key', { key: 'sk-1' }],
    ['an address with a key', { baseUrl: 'https://a.example/v1?api_key=sk-1' }],
    ['an address as it was typed', { baseUrl: 'http://localhost:8080' }],
    ['an id with a path', { id: '../x' }],
    ['no label', { label: '  ' }],
    ['an unknown server', { server: 'magic' }],
  ])('an endpoint with %s is refused', (_what, more) => {
    expect(v.is(RemoteEndpointSchema, { ...ENDPOINT, ...more })).toBe(false);
  });

  it.each([{ endpointIds: [] }, { model: '' }, { name: 'x'.repeat(81) }, { key: 'sk-1' }])(
    'a member with %j is refused',
    (more) => {
      expect(v.is(RemoteMemberSchema, MEMBER)).toBe(true);
      expect(v.is(RemoteMemberSchema, { ...MEMBER, ...more })).toBe(false);
    },
  );

  it('a view of a server has neither address nor key', () => {
    const health = {
      endpointId: 'attic',
      state: 'ok',
      lastLatencyMs: 12,
      breaker: 'closed',
      inFlight: 0,
      checkedAt: null,
    };
    expect(v.is(RemoteHealthSchema, health)).toBe(true);
    expect(v.is(RemoteHealthSchema, { ...health, baseUrl: ENDPOINT.baseUrl })).toBe(false);
  });
});
