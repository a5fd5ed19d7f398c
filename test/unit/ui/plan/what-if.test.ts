import { describe, expect, it } from 'vitest';
import { AS_HERE, isAsHere, WHAT_IF_FIELDS, whatIfOf, whatIfWords } from '../../../../src/ui/plan/what-if.ts';

describe('what if', () => {
  it('leaves out what is as here, and keeps a zero', () => {
    expect(whatIfOf(AS_HERE)).toEqual({});
    expect(whatIfOf({ ...AS_HERE, remoteServers: 0, cores: 8 })).toEqual({ remoteServers: 0, cores: 8 });
  });

  it('knows when nothing differs', () => {
    expect(isAsHere(AS_HERE)).toBe(true);
    expect(isAsHere({ ...AS_HERE, cards: 0 })).toBe(false);
  });

  it('has a field for everything that can differ, each of its own', () => {
    expect(WHAT_IF_FIELDS.map(({ name }) => name).toSorted()).toEqual(Object.keys(AS_HERE).toSorted());
    for (const { values, words } of WHAT_IF_FIELDS)
      expect(new Set(values.map(words)).size).toBe(values.length);
  });

  it('says what differs, with units', () => {
    expect(whatIfWords({ ...AS_HERE, memoryGiB: 16, cards: 0 })).toBe(
      'Memory: 16\u00a0GiB · Graphics cards: None',
    );
  });
});
