import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StopSequence } from '../../../../../tools/witan/serve/stop-sequence.ts';

function cut(pieces: readonly string[], stops: readonly string[]): { text: string; stopped: boolean } {
  const sequence = new StopSequence(stops);
  const text = pieces.map((piece) => sequence.take(piece)).join('') + sequence.rest();
  return { text, stopped: sequence.stopped };
}

test.each([
  [['1, 2, 3'], [','], '1', true],
  [['EN', 'D of it'], ['END'], '', true],
  [['a EN', 'TER'], ['END'], 'a ENTER', false],
  [['a EN'], ['END'], 'a EN', false],
  [['abc'], [], 'abc', false],
  // The one that is whole first ends the text, however it is cut.
  [['abc'], ['abc', 'b'], 'a', true],
  [['ab', 'c'], ['abc', 'b'], 'a', true],
  [['xaab'], ['aab', 'ab'], 'x', true],
])('%j with stops %j is %j', (pieces, stops, text, stopped) => {
  expect(cut(pieces, stops)).toEqual({ text, stopped });
});

test('nothing of a sequence gets out while it may still be one', () => {
  const sequence = new StopSequence(['\n\n']);
  expect(sequence.take('85\n')).toBe('85');
  expect(sequence.take('\nmore')).toBe('');
  expect(sequence.take('and more')).toBe('');
  expect(sequence.rest()).toBe('');
});

test('where the stream is cut makes no difference', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.array(word, { maxLength: 3 }), (pieces, stops) => {
      const whole = pieces.join('');
      const letters = cut([...whole], stops);
      expect(cut(pieces, stops)).toEqual(letters);
      expect(cut([whole], stops)).toEqual(letters);
      expect(whole.startsWith(letters.text)).toBe(true);
      expect(letters.stopped).toBe(stops.some((stop) => whole.includes(stop)));
      expect(stops.some((stop) => letters.text.includes(stop))).toBe(false);
    }),
  );
});
