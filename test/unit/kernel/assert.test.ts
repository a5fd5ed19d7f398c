import { expect, it } from 'vitest';
import { assert, present, unreachable } from '#kernel/assert';

it('stops on a broken invariant and names it', () => {
  expect(() => {
    assert(1 > 2, 'order of numbers');
  }).toThrow('invariant broken: order of numbers');
  expect(() => {
    assert('yes', 'never shown');
  }).not.toThrow();
});

it('narrows what is there and stops on what is not', () => {
  expect(present(0, 'a count')).toBe(0);
  expect(present('', 'a text')).toBe('');
  expect(() => present(undefined, 'a count')).toThrow('a count is missing');
  expect(() => present(null, 'a count')).toThrow('a count is missing');
});

it('names the case that nobody handled', () => {
  expect(() => unreachable('new kind' as never)).toThrow('"new kind"');
});
