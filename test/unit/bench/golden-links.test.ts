import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../src/bench/share-codec.ts';
import type { BenchResult } from '#contracts/bench';

const FOLDER = new URL('../../fixtures/links/', import.meta.url);

interface Golden {
  readonly fragment: string;
  readonly result: BenchResult;
}

const goldens = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Golden] as const);

describe('golden links', () => {
  it('are there', () => {
    expect(goldens.map(([name]) => name)).toEqual(['b1-typical.json', 'b1-unknown.json', 'b1-wide.json']);
  });

  it.each(goldens)('%s decodes to the result it was made from', (_, { fragment, result }) => {
    expect(decode(fragment)).toEqual({ ok: true, value: result });
  });

  it.each(goldens)('%s is still written the same way', (_, { fragment, result }) => {
    expect(encode(result)).toEqual({ ok: true, value: fragment });
  });
});
