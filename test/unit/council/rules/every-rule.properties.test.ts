import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULES, type Ballot, type Rule, type RuleVerdict } from '#contracts/rules';
import { quoteOf } from '../../../../src/council/rules/ballot-order.ts';
import { ruleNamed } from '../../../../src/council/rules/rule-named.ts';
import { ballots, KEYS } from '../../../fakes/random-ballots.ts';

/** Rules with what they need besides the ballot; vectors are told from the text alone. */
const rules = RULES.flatMap((name): readonly (readonly [string, Rule])[] => {
  const embeddingOf = ({ text }: { text: string }): number[] => [
    text.length - 8,
    text.includes('fox') ? 1 : -1,
    1,
  ];
  if (name === 'medoid')
    return [
      ['medoid', ruleNamed(name, { embeddingOf })],
      ['medoid without', ruleNamed(name)],
    ];
  if (name !== 'chairman') return [[name, ruleNamed(name)]];
  return [
    ['chairman x', ruleNamed(name, { choice: 'x' })],
    ['chairman none', ruleNamed(name)],
  ];
});

const ids = ['m0', 'm1', 'm2', 'm3', 'm4'];
const shuffledIds = fc.shuffledSubarray(ids, { minLength: ids.length });

function renamed(ballot: Ballot, memberOf: (id: string) => string, keyOf: (key: string) => string): Ballot {
  return {
    members: ballot.members.map((member) => ({ ...member, id: memberOf(member.id) })),
    samples: ballot.samples.map((sample) => ({
      ...sample,
      memberId: memberOf(sample.memberId),
      key: sample.key === null ? null : keyOf(sample.key),
    })),
    rankings: (ballot.rankings ?? []).map(({ reviewerId, order }) => ({
      reviewerId: memberOf(reviewerId),
      order: order.map(memberOf),
    })),
  };
}

describe.each(rules)('%s', (name, rule) => {
  it('does not care in which order samples and rankings are', () => {
    fc.assert(
      fc.property(
        ballots().chain((ballot) =>
          fc.tuple(
            fc.constant(ballot),
            fc.shuffledSubarray([...ballot.samples], { minLength: ballot.samples.length }),
            fc.shuffledSubarray([...(ballot.rankings ?? [])], { minLength: ballot.rankings?.length ?? 0 }),
          ),
        ),
        ([ballot, samples, rankings]) => {
          expect(rule({ ...ballot, samples, rankings })).toEqual(rule(ballot));
        },
      ),
    );
  });

  it('does not care what members and keys are called', () => {
    fc.assert(
      fc.property(
        ballots(),
        shuffledIds,
        fc.shuffledSubarray([...KEYS], { minLength: 3 }),
        (ballot, names, keys) => {
          const memberOf = (id: string): string => names[ids.indexOf(id)] ?? id;
          const [toX, toY, toZ] = name === 'chairman x' ? KEYS : keys;
          const keyOf = (key: string): string => ({ x: toX, y: toY, z: toZ })[key] ?? key;
          const mapped = (verdict: RuleVerdict | null): RuleVerdict | null =>
            verdict && {
              ...verdict,
              key: keyOf(verdict.key),
              speakerId: memberOf(verdict.speakerId),
              scores: new Map([...verdict.scores].map(([key, score]) => [keyOf(key), score])),
            };
          expect(rule(renamed(ballot, memberOf, keyOf))).toEqual(mapped(rule(ballot)));
        },
      ),
    );
  });

  it('has a verdict when, and only when, somebody gave an answer; its speaker gave that one', () => {
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const verdict = rule(ballot);
        expect(verdict === null).toBe(ballot.samples.every(({ key }) => key === null));
        if (verdict === null) return;
        const spoken = ballot.samples.filter(
          (s) => s.memberId === verdict.speakerId && s.key === verdict.key,
        );
        expect(spoken).not.toHaveLength(0);
        expect(spoken.map(({ text }) => text.trim())).toContain(quoteOf(ballot, verdict));
      }),
    );
  });

  it('gives the winner the highest score, alone unless tied', () => {
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const verdict = rule(ballot);
        if (verdict === null) return;
        const own = verdict.scores.get(verdict.key) ?? NaN;
        const others = [...verdict.scores].flatMap(([key, score]) => (key === verdict.key ? [] : [score]));
        const nearest = Math.max(-Infinity, ...others);
        expect(own).toBeGreaterThan(nearest - 2e-9);
        expect(verdict.tied).toBe(own - nearest <= 1e-9);
      }),
    );
  });

  it('stands members that nobody knows, and an empty council', () => {
    expect(rule({ members: [], samples: [] })).toBeNull();
    const stranger = { memberId: 's', index: 0, key: 'x', text: 'x', tokens: 1, confidence: 1, arrival: 0 };
    expect(rule({ members: [{ id: 'a', accuracy: 1 }], samples: [stranger] })).toBeNull();
  });
});
