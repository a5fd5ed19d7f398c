import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chairingOf,
  chairman,
  parseChoice,
  withoutVote,
  type Chairing,
} from '../../../../src/council/rules/chairman.ts';
import { ballotOf } from '../../../fakes/random-ballots.ts';

const BALLOT = ballotOf({ alder: 'xx', birch: 'y', cedar: 'x', dogwood: '-' }, { cedar: 0.9 });
const PLAN = { question: 'Which letter?', chairmanId: 'c', seed: 4, missing: ['Dogwood'] };

function chairing(): Chairing {
  const made = chairingOf(BALLOT, PLAN);
  if (made === null) throw new Error('nothing to choose');
  return made;
}

describe('what a chairman is asked', () => {
  it('letters of the answers, their votes and who is missing; not who said what', () => {
    const { prompt, labels, grammar, leftOut } = chairing();
    expect(new Set([...labels.values()].map(({ key, size }) => `${key}${size}`))).toEqual(
      new Set(['x3', 'y1']),
    );
    expect(prompt).toContain('votes="3 of 4"');
    expect(prompt).toContain('Without an answer, so that this is not the whole council: Dogwood.');
    expect(prompt).not.toMatch(/alder|birch|cedar/i);
    expect(grammar).toBe('root ::= "A" | "B"');
    expect(leftOut).toBe(0);
    expect(chairingOf(BALLOT, { ...PLAN, missing: [] })?.prompt).toContain('All members answered.');
  });

  it('the order of the answers depends on the seed', () => {
    const firsts = new Set(
      Array.from({ length: 20 }, (_, seed) => chairingOf(BALLOT, { ...PLAN, seed })?.labels.get('A')?.key),
    );
    expect(firsts).toEqual(new Set(['x', 'y']));
  });

  it('nothing, where there is one answer or none', () => {
    expect(chairingOf(ballotOf({ a: 'x', b: 'x' }), PLAN)).toBeNull();
    expect(chairingOf(ballotOf({ a: '-' }), PLAN)).toBeNull();
  });

  it('says how many answers found no letter', () => {
    const many = ballotOf(Object.fromEntries([...'abcdefghijklmnopqrstuvwxyz0123'].map((id) => [id, id])));
    expect(chairingOf(many, PLAN)?.leftOut).toBe(4);
  });

  it('knows who gave no vote', () => {
    expect(withoutVote(BALLOT)).toEqual(['dogwood']);
  });
});

describe('the chairman’s reply', () => {
  it.each(['A', 'a', ' A. ', '(A)', '[A]', '**A**', 'Answer A', 'The answer is A.', 'My choice: A', '"A"'])(
    '%s is a choice',
    (reply) => {
      const made = chairing();
      expect(parseChoice(made, reply)).toBe(made.labels.get('A')?.key);
    },
  );

  it.each(['', 'C', 'A or B', 'A B', 'Neither', 'A: because it is longer', 'AB', 'I choose the first.'])(
    '%s is none',
    (reply) => {
      expect(parseChoice(chairing(), reply)).toBeNull();
    },
  );

  it('is a choice or none, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (reply) => {
        expect([null, 'x', 'y']).toContain(parseChoice(chairing(), reply));
      }),
    );
  });
});

describe('the rule', () => {
  it('quotes the best member that gave the chosen answer, also against the majority', () => {
    expect(chairman('y')(BALLOT)).toEqual({
      key: 'y',
      speakerId: 'birch',
      tied: false,
      scores: new Map([['x', 0], ['y', 1]]),
    }); // prettier-ignore
    expect(chairman('x')(BALLOT)?.speakerId).toBe('cedar');
  });

  it.each([null, 'nobody said this'])('falls back to plurality, and says so: %s', (choice) => {
    expect(chairman(choice)(BALLOT)).toMatchObject({ key: 'x', fallback: 'plurality' });
  });
});
