import { expect, it } from 'vitest';
import { TextSet } from '../../../../src/storage/gguf/text-set.ts';
import { words } from '../../../fakes/gguf-models.ts';

const encoder = new TextEncoder();

it('takes no two of 300,000 short texts for the same, and each for the same as itself', () => {
  const texts = [...words(150_000), ...Array.from({ length: 150_000 }, (_, index) => `▁${index}`)].map(
    (text) => encoder.encode(text),
  );
  const set = new TextSet(texts.length);
  expect(texts.filter((text) => !set.add(text, 0, text.length))).toEqual([]);
  expect(texts.filter((text) => set.add(text, 0, text.length))).toEqual([]);
});

it('looks only between the two places', () => {
  const set = new TextSet(2);
  const bytes = encoder.encode('abcab');
  expect([set.add(bytes, 0, 2), set.add(bytes, 3, 5), set.add(bytes, 0, 3)]).toEqual([true, false, true]);
});

it('tells texts of zeros by their length', () => {
  const set = new TextSet(4);
  const zeros = new Uint8Array(4);
  expect([0, 1, 2, 3].map((length) => set.add(zeros, 0, length))).toEqual([true, true, true, true]);
});
