import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  corsHeaders,
  Guard,
  isLoopback,
  preflightHeaders,
  type GuardOptions,
} from '../../../../../tools/witan/serve/guard.ts';

const local: GuardOptions = { host: '127.0.0.1', token: null, allowOrigins: ['http://localhost:4173'] };
const code = (headers: IncomingHttpHeaders, options = local): string | null =>
  new Guard(options).refuse(headers)?.code ?? null;

test.each(['localhost', '127.0.0.1', '127.9.9.9', '::1'])('%s is this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  '0.0.0.0',
  '::',
  '192.168.0.2',
  'example.org',
  'localhost.example.org',
  '127.0.0.1.example.org',
  '',
])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});

describe('the name that a client calls', () => {
  test.each(['localhost', 'localhost:4184', 'LOCALHOST:1', '127.0.0.1:4184', '[::1]:4184', '127.0.0.2'])(
    '%s is ours',
    (host) => {
      expect(code({ host })).toBeNull();
    },
  );

  test.each([
    undefined,
    '',
    'example.org',
    'example.org:4184',
    'localhost.example.org',
    '127.0.0.1.example.org:4184',
    '192.168.0.2:4184',
    '0.0.0.0:4184',
    'evil@localhost',
    'localhost:4184:1',
    'localhost/x',
    '[::1',
  ])('%s is not: a page may have led it here', (host) => {
    expect(code({ host })).toBe('host_not_allowed');
  });

  test('beyond loopback an address, which cannot be rebound, and the name that it was given', () => {
    const open = { ...local, host: 'box.lan', token: 'secret-token' };
    for (const host of ['192.168.0.2:1', '[fe80::1]:1', 'box.lan:1', 'localhost'])
      expect(code({ host }, open)).toBeNull();
    expect(code({ host: 'example.org' }, open)).toBe('host_not_allowed');
  });
});

describe('a page', () => {
  const host = 'localhost:4184';

  test.each([
    { origin: 'https://example.org' },
    { origin: 'null' },
    { origin: 'http://localhost:4184' },
    { origin: 'http://localhost:4173.example.org' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-origin' },
  ])('may not call: %j', (headers) => {
    expect(code({ host, ...headers })).toBe('origin_not_allowed');
  });

  test('may when it is named, and everything else that is no page may', () => {
    expect(code({ host, origin: 'http://localhost:4173', 'sec-fetch-site': 'same-site' })).toBeNull();
    expect(code({ host })).toBeNull();
    // The address bar of a browser.
    expect(code({ host, 'sec-fetch-site': 'none' })).toBeNull();
  });

  test('is told nothing unless it is named', () => {
    const guard = new Guard(local);
    expect(corsHeaders(guard.allowedOrigin({ origin: 'https://example.org' }))).toEqual({});
    expect(corsHeaders(guard.allowedOrigin({}))).toEqual({});
    expect(corsHeaders(guard.allowedOrigin({ origin: 'http://localhost:4173' }))).toMatchObject({
      'access-control-allow-origin': 'http://localhost:4173',
    });
  });

  test('asks before it sends', () => {
    const asked = 'authorization, content-type, x-stainless-lang, bad header, é';
    expect(preflightHeaders({ 'access-control-request-headers': asked })).toMatchObject({
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, x-stainless-lang',
    });
    expect(preflightHeaders({ 'access-control-request-private-network': 'true' })).toMatchObject({
      'access-control-allow-private-network': 'true',
    });
  });
});

describe('a token', () => {
  const guard = new Guard({ ...local, token: 'secret-token' });

  test.each(['Bearer secret-token', 'bearer  secret-token'])('%s is right', (authorization) => {
    expect(guard.knows({ authorization })).toBe(true);
  });

  test.each([
    undefined,
    '',
    'secret-token',
    'Basic secret-token',
    'Bearer secret-toke',
    'Bearer secret-token2',
    'Bearer secret-token x',
    'Bearer ',
  ])('%s is wrong', (authorization) => {
    expect(guard.knows({ ...(authorization === undefined ? {} : { authorization }) })).toBe(false);
  });

  test('is not looked at where there is none', () => {
    expect(new Guard(local).knows({ authorization: 'Bearer anything' })).toBe(true);
  });
});
