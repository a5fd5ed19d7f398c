import { describe, expect, test } from 'vitest';
import { readCommand } from '../../../../../tools/witan/arguments.ts';

const serve = (...more: readonly string[]): unknown => {
  const command = readCommand(['serve', ...more], {});
  return command.verb === 'serve' ? command.serve : command.verb;
};
/** The words of a misuse. */
function misuse(...more: readonly string[]): string {
  try {
    serve(...more);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

test('on loopback, for whoever is on this machine, with nothing left out', () => {
  expect(serve()).toEqual({
    port: 4184,
    host: '127.0.0.1',
    token: null,
    allowOrigins: [],
    queue: 8,
    allowRemote: false,
    leaveOut: [],
  });
});

test('all that can be said', () => {
  const argv =
    '--port 0 --host 0.0.0.0 --token secret-token --queue 0 --allow-remote --leave-out system,temperature';
  expect(serve(...argv.split(' '), '--allow-origin', 'http://localhost:4173/,https://example.org')).toEqual({
    port: 0,
    host: '0.0.0.0',
    token: 'secret-token',
    allowOrigins: ['http://localhost:4173', 'https://example.org'],
    queue: 0,
    allowRemote: true,
    leaveOut: ['system', 'temperature'],
  });
});

test('the token may come from the environment, where no one else sees it', () => {
  const command = readCommand(['serve', '--host', 'box.lan'], { WITAN_SERVE_TOKEN: 'from-outside' });
  expect(command).toMatchObject({ serve: { token: 'from-outside' }, common: { timeoutMs: 300_000 } });
});

describe('misuse', () => {
  test.each(['0.0.0.0', '::', '192.168.0.2', 'box.lan'])('%s without a token', (host) => {
    expect(misuse('--host', host)).toContain('--token');
  });

  test.each([
    [['--token', 'short'], '--token'],
    [['--token', 'has a space in it'], '--token'],
    [['--port', '70000'], '--port'],
    [['--port', 'x'], '--port'],
    [['--queue', '-1'], '--queue'],
    [['--queue', '1000'], '--queue'],
    [['--allow-origin', '*'], '--allow-origin'],
    [['--allow-origin', 'null'], '--allow-origin'],
    [['--allow-origin', 'file:///etc'], '--allow-origin'],
    [['--leave-out', 'everything'], '--leave-out'],
    [['--host', ''], '--host'],
    [['now'], 'no argument'],
  ])('%j', (argv, words) => {
    expect(misuse(...argv)).toContain(words);
  });

  test('its options belong to it', () => {
    expect(() => readCommand(['probe', '--port', '1'], {})).toThrow('belongs to the verb serve');
    expect(() => readCommand(['probe', '--allow-remote'], {})).toThrow('belongs to the verb ask or serve');
  });
});
