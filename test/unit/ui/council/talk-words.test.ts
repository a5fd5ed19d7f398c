import { expect, it } from 'vitest';
import {
  bareWords,
  dissentLine,
  historyWords,
  importWords,
  replayWords,
  shownWords,
} from '../../../../src/ui/council/talk-words.ts';
import { deliberation, member } from '../../../fakes/port-data.ts';

it('says who is shown what, and who reads bare questions', () => {
  const all = { lookingBack: false, shown: ['Alder', 'Birch'], bare: [] };
  const some = { lookingBack: false, shown: ['Alder'], bare: ['Birch', 'Cedar'] };
  const none = { lookingBack: true, shown: [], bare: ['Birch', 'Cedar'] };
  expect([shownWords(all), bareWords(all)]).toEqual(['Follow-up. Each member is shown', null]);
  expect([shownWords(some), bareWords(some)]).toEqual([
    'Follow-up. Alder is shown',
    'Birch and Cedar read bare questions only.',
  ]);
  expect(shownWords(none)).toBeNull();
  expect(bareWords(none)).toBe(
    'Follow-up to the last question. These members read one question at a time: nothing said before is shown to them.',
  );
});

it('says what members were shown before they answered', () => {
  const told = (histories: readonly ({ shown: number; leftOut: number } | undefined)[]): string | null =>
    historyWords({
      members: histories.map((history, index) => {
        const each = member(['alder', 'birch'][index] ?? 'cedar');
        return history === undefined ? each : { ...each, history };
      }),
    });
  expect(told([undefined, undefined])).toBeNull();
  expect(told([{ shown: 0, leftOut: 0 }])).toBeNull();
  expect(told([{ shown: 0, leftOut: 2 }])).toBe('Members were shown nothing said before.');
  expect(told([{ shown: 2, leftOut: 1 }, undefined])).toBe(
    'Shown before it answered: Alder 2\u00a0earlier questions (no room for 1 more).',
  );
});

it('tells the dissent in one line', () => {
  expect(dissentLine(deliberation({ dissent: [] }))).toBeNull();
  expect(dissentLine(deliberation({ dissent: [{ key: '84', answer: '84', members: ['cedar'] }] }))).toMatch(
    /^Cedar.*: 84$/,
  );
});

it('says what became of every record of a file', () => {
  const none = { added: 0, merged: 0, unchanged: 0, conflicts: [], refused: [], trimmed: 0 };
  expect(importWords(none)).toEqual(['Nothing new.']);
  const refused = [0, 4, 7, 8].map((index) => ({ list: 'deliberations' as const, index, path: 'id' }));
  const words = importWords({ added: 1, merged: 2, unchanged: 3, conflicts: ['x'], refused, trimmed: 1 });
  expect(words).toEqual([
    '1\u00a0record added.',
    '2\u00a0records here before gained what only the file knew.',
    '3\u00a0records here already.',
    '1\u00a0record of the file contradicts yours; yours stays as it is.',
    '4\u00a0records of the file cannot be read and were left out: deliberations 1, deliberations 5 and deliberations 8, and more.',
    '1\u00a0record held more than this version knows; that part was not kept.',
  ]);
});

it('says in what a record differs from its own votes', () => {
  expect(replayWords([])).toContain('The same decision');
  expect(replayWords(['answer', 'agreement'])).toContain('the answer and the agreement');
});
