import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot } from '#contracts/rules';
import { comparisonOf } from '../../../../src/council/evidence/comparison.ts';
import { relationOf, statementOf, statementsIn } from '../../../../src/council/evidence/statements.ts';
import { ballotOf, ballots, sample } from '../../../fakes/random-ballots.ts';

function essays(...texts: readonly (string | null)[]): Ballot {
  const ids = [...'abcdef'].slice(0, texts.length);
  return {
    members: ids.map((id, index) => ({ id, accuracy: 0.9 - index / 10 })),
    samples: texts.map((text, index) => sample(ids[index] ?? '', 0, text, { text: text ?? '' })),
  };
}

describe('sentences', () => {
  it('are split at marks and lines, list marks taken off', () => {
    const parts = statementsIn(
      'Water boils at 100 degrees. It freezes at 0.\n- Salt lowers that!\n2. Ice floats\n\n...',
    );
    expect(parts.map(({ text }) => text)).toEqual([
      'Water boils at 100 degrees.',
      'It freezes at 0.',
      'Salt lowers that!',
      'Ice floats',
    ]);
  });

  it('are not split inside numbers and abbreviations before small letters', () => {
    expect(statementsIn('It is 3.5 km, e.g. by bus.')).toHaveLength(1);
  });

  it.each([
    ['same', 'Paris is the capital of France.', 'The capital of France is Paris'],
    ['same', 'There were 1,000 ships in the harbour', 'In the harbour there were 1000 ships.'],
    ['same', 'The harbour was full of ships', 'The harbour was full of 20 ships'],
    ['against', 'The tower is 300 metres high.', 'The tower is 324 metres high.'],
    ['against', 'The tower is 3.5 metres high.', 'The tower is 35 metres high.'],
    ['against', 'Whales are fish.', 'Whales are not fish.'],
    ['against', 'The vaccine doesn’t cause autism', 'The vaccine can cause autism'],
    ['apart', 'Whales are fish.', 'Whales sing songs under water.'],
    ['apart', 'Paris is large.', 'London is old.'],
  ] as const)('%s: %s / %s', (relation, one, other) => {
    expect(relationOf(statementOf(one), statementOf(other))).toBe(relation);
    expect(relationOf(statementOf(other), statementOf(one))).toBe(relation);
  });
});

describe('the comparison of free texts', () => {
  const question = 'How high is the Eiffel tower, who built it, and what does a ticket cost?';
  const ballot = essays(
    'The Eiffel tower is 330 metres high. The engineer Gustave Eiffel built it.',
    'Gustave Eiffel, an engineer, built it. The Eiffel tower is 300 metres high.',
    'The engineer Gustave Eiffel built it. It is painted brown every seven years.',
    null,
  );

  it('says what all, several and one say, what cannot hold together, and what nobody takes up', () => {
    expect(comparisonOf(question, 'free', ballot)).toEqual({
      consensus: [{ text: 'The engineer Gustave Eiffel built it.', memberIds: ['a', 'b', 'c'] }],
      partial: [],
      unique: [
        { text: 'The Eiffel tower is 330 metres high.', memberIds: ['a'] },
        { text: 'The Eiffel tower is 300 metres high.', memberIds: ['b'] },
        { text: 'It is painted brown every seven years.', memberIds: ['c'] },
      ],
      contradictions: [
        [
          { text: 'The Eiffel tower is 330 metres high.', memberIds: ['a'] },
          { text: 'The Eiffel tower is 300 metres high.', memberIds: ['b'] },
        ],
      ],
      blindSpots: ['ticket', 'cost'],
      silent: ['d'],
    });
  });

  it('what two of three say is partial', () => {
    const report = comparisonOf(
      'q',
      'free',
      essays('Ice floats on water.', 'Ice floats on water.', 'Salt dissolves.'),
    );
    expect(report.partial).toEqual([{ text: 'Ice floats on water.', memberIds: ['a', 'b'] }]);
    expect(report.consensus).toEqual([]);
  });

  it('one answer alone has neither consensus nor points of its own', () => {
    expect(comparisonOf('Why does ice float?', 'free', essays('It is light.', null))).toEqual({
      consensus: [],
      partial: [],
      unique: [],
      contradictions: [],
      blindSpots: ['ice', 'float'],
      silent: ['b'],
    });
  });
});

describe('the comparison of short answers', () => {
  it('goes by their keys', () => {
    const report = comparisonOf('What is 1 + 1?', 'number', ballotOf({ a: '2', b: '2', c: '3', d: '-' }));
    expect(report).toEqual({
      consensus: [],
      partial: [{ text: '2', memberIds: ['a', 'b'] }],
      unique: [{ text: '3', memberIds: ['c'] }],
      contradictions: [[{ text: '2', memberIds: ['a', 'b'] }, { text: '3', memberIds: ['c'] }]],
      blindSpots: [],
      silent: ['d'],
    }); // prettier-ignore
    expect(comparisonOf('q', 'number', ballotOf({ a: '2', b: '2' })).consensus).toHaveLength(1);
  });
});

it('on any ballot consensus names all that answered, partial several, unique one; and nothing is called verified', () => {
  fc.assert(
    fc.property(ballots(), fc.constantFrom('free', 'word'), (ballot, kind) => {
      const report = comparisonOf('Is the red fox quick?', kind, ballot);
      const answering = ballot.members.length - report.silent.length;
      expect(report.consensus.every(({ memberIds }) => memberIds.length === answering && answering > 1)).toBe(
        true,
      );
      expect(report.partial.every(({ memberIds: { length } }) => length > 1 && length < answering)).toBe(
        true,
      );
      expect(report.unique.every(({ memberIds }) => memberIds.length === 1)).toBe(true);
      expect(report.contradictions.every(({ length }) => length > 1)).toBe(true);
      expect(JSON.stringify(report)).not.toMatch(/verif/i);
    }),
  );
});
