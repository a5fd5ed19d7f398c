import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot } from '#contracts/rules';
import { confidenceWeighted } from '../../../../src/council/rules/confidence.ts';
import { modelSwitch, modelSwitchStep } from '../../../../src/council/rules/model-switch.ts';
import { plurality } from '../../../../src/council/rules/plurality.ts';
import { slmMux } from '../../../../src/council/rules/slm-mux.ts';
import { ballotOf, ballots, KEYS, sample } from '../../../fakes/random-ballots.ts';

/** Winners by an oracle's score of each key: all that share the best one. */
function bestKeys(score: (key: string) => number): string[] {
  const best = Math.max(...KEYS.map(score));
  return KEYS.filter((key) => score(key) >= best - 1e-9);
}

const said = (ballot: Ballot, id: string): (string | null)[] =>
  ballot.samples.filter(({ memberId }) => memberId === id).map(({ key }) => key);
const times = (keys: readonly (string | null)[], key: string): number =>
  keys.filter((each) => each === key).length;

describe('plurality', () => {
  it('is the count of all samples', () => {
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const keys = ballot.samples.map(({ key }) => key);
        const verdict = plurality(ballot);
        if (verdict === null) return;
        expect(bestKeys((key) => times(keys, key))).toContain(verdict.key);
        expect(verdict.scores.get(verdict.key)).toBe(times(keys, verdict.key));
      }),
    );
  });

  it('gives a tie to the tied member with the best accuracy, and says so', () => {
    expect(plurality(ballotOf({ a: 'x', b: 'y', c: '-' }, { a: 0.5, b: 0.6, c: 0.9 }))).toMatchObject({
      key: 'y',
      speakerId: 'b',
      tied: true,
    });
  });
});

describe('SLM-MUX', () => {
  it('is the favourite of the member most at one with itself', () => {
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const verdict = slmMux(ballot);
        if (verdict === null) return;
        // The share of a member's own favourite is its best share of any key.
        const shares = ballot.members.map(({ id }) => {
          const own = said(ballot, id);
          return Math.max(0, ...KEYS.map((key) => times(own, key) / Math.max(1, own.length)));
        });
        const best = Math.max(...shares);
        const speaker = ballot.members.findIndex(({ id }) => id === verdict.speakerId);
        const own = said(ballot, verdict.speakerId);
        expect(shares[speaker]).toBeCloseTo(best, 12);
        expect(times(own, verdict.key) / own.length).toBeCloseTo(best, 12);
        const better = ballot.members.filter((member, index) => {
          const speakers = ballot.members[speaker]?.accuracy ?? 0;
          return (shares[index] ?? 0) >= best - 1e-12 && member.accuracy > speakers;
        });
        expect(better).toEqual([]);
      }),
    );
  });

  it('follows the paper’s example: one sure member outweighs two that waver', () => {
    const ballot = ballotOf({ a: 'xxy', b: 'xxz', c: 'yyy' }, { a: 0.9 });
    expect(slmMux(ballot)).toMatchObject({ key: 'y', speakerId: 'c', tied: false });
    expect(plurality(ballot)?.key).toBe('x');
  });

  it('counts abstentions against a member', () => {
    expect(slmMux(ballotOf({ a: 'x--', b: 'yyz' }))?.key).toBe('y');
  });

  it('is no tie when the equally sure members say the same', () => {
    expect(slmMux(ballotOf({ a: 'xx', b: 'xx' }))?.tied).toBe(false);
    expect(slmMux(ballotOf({ a: 'xx', b: 'yy' }, { b: 0.6 }))).toMatchObject({ key: 'y', tied: true });
  });
});

describe('ModelSwitch', () => {
  it('lets the first member that agrees with itself have the say, most accurate first', () => {
    const ballot = ballotOf({ a: 'xx', b: 'zy', c: 'yy' }, { a: 0.5, b: 0.9, c: 0.7 });
    expect(modelSwitch(ballot)).toMatchObject({ key: 'y', speakerId: 'c', tied: false });
    expect(modelSwitch(ballot)?.scores).toEqual(
      new Map([
        ['z', 0],
        ['y', 1],
      ]),
    );
  });

  it('weighs the votes when none does: weights by hand', () => {
    // a: 2 of 3, H = 0.6365, w = 1/3 + 2/3·(1 − 0.6365/1.0986) = 0.6138; b: all differ, w = 1/3.
    const verdict = modelSwitch(ballotOf({ a: 'xxy', b: 'yzx' }));
    expect(verdict?.scores.get('x')).toBeCloseTo(2 * 0.6138 + 1 / 3, 3);
    expect(verdict?.scores.get('y')).toBeCloseTo(0.6138 + 1 / 3, 3);
    expect(verdict?.scores.get('z')).toBeCloseTo(1 / 3, 9);
  });

  it('an abstention is no agreement', () => {
    expect(modelSwitch(ballotOf({ a: 'x-', b: 'yy' }, { a: 0.9 }))?.key).toBe('y');
  });

  it('asks one member after the other and ends with the verdict of the replay', () => {
    fc.assert(
      fc.property(ballots(), (full) => {
        const planned = new Map(full.members.map(({ id }) => [id, said(full, id).length]));
        let heard: Ballot = { members: full.members, samples: [] };
        for (let calls = 0; ; calls += 1) {
          expect(calls).toBeLessThanOrEqual(full.members.length);
          const step = modelSwitchStep(heard, (id) => planned.get(id) ?? 0);
          if (step.over) {
            expect(step.verdict).toEqual(modelSwitch(full));
            expect(new Set(heard.samples.map(({ memberId }) => memberId))).toEqual(new Set(step.asked));
            return;
          }
          const answers = full.samples.filter(({ memberId }) => memberId === step.memberId);
          expect(step.samples).toBe(answers.length);
          heard = { ...heard, samples: [...heard.samples, ...answers] };
        }
      }),
    );
  });

  it('asks only for the samples that are missing', () => {
    const begun = ballotOf({ a: 'x', b: '' }, { a: 0.9 });
    expect(modelSwitchStep(begun, () => 3)).toEqual({ over: false, memberId: 'a', samples: 2 });
    expect(modelSwitchStep({ members: [], samples: [] }, () => 3)).toEqual({
      over: true,
      verdict: null,
      asked: [],
    });
  });
});

describe('confidence-weighted vote', () => {
  it('is CISC for one member, scaled by its votes', () => {
    fc.assert(
      fc.property(
        ballots({ members: 1, samples: 6 }),
        fc.constantFrom(0.1, 0.5, 1, 3),
        (ballot, temperature) => {
          const votes = ballot.samples.filter(({ key }) => key !== null);
          if (votes.some(({ confidence }) => confidence === null)) return;
          const raw = (key: string | null): number =>
            votes.reduce(
              (sum, v) =>
                sum + (key === null || v.key === key ? Math.exp((v.confidence ?? 0) / temperature) : 0),
              0,
            );
          const verdict = confidenceWeighted(temperature)(ballot);
          for (const [key, score] of verdict?.scores ?? []) {
            expect(score).toBeCloseTo((votes.length * raw(key)) / raw(null), 9);
          }
        },
      ),
    );
  });

  it('is plurality without confidences, and where they are all equal', () => {
    fc.assert(
      fc.property(ballots(), fc.constantFrom(null, 0.3), (ballot, confidence) => {
        const flat = { ...ballot, samples: ballot.samples.map((each) => ({ ...each, confidence })) };
        const [weighed, counted] = [confidenceWeighted()(flat), plurality(flat)];
        expect(weighed && { key: weighed.key, tied: weighed.tied }).toEqual(
          counted && { key: counted.key, tied: counted.tied },
        );
      }),
    );
  });

  it('a member that is sure of everything outweighs nobody: the softmax is its own', () => {
    const sure = [sample('a', 0, 'x', { confidence: 1 }), sample('a', 1, 'x', { confidence: 1 })];
    const shy = [0, 1, 2].map((index) => sample('b', index, 'y', { confidence: 0.1 }));
    const members = [
      { id: 'a', accuracy: 0.9 },
      { id: 'b', accuracy: 0.5 },
    ];
    expect(confidenceWeighted()({ members, samples: [...sure, ...shy] })?.key).toBe('y');
  });

  it('lets a sure vote outweigh two doubtful ones of the same member at a low temperature', () => {
    const samples = [
      sample('a', 0, 'x', { confidence: 0.1 }),
      sample('a', 1, 'x', { confidence: 0.1 }),
      sample('a', 2, 'y', { confidence: 0.9 }),
    ];
    const ballot = { members: [{ id: 'a', accuracy: 0.5 }], samples };
    expect(confidenceWeighted(0.5)(ballot)?.key).toBe('y');
    expect(confidenceWeighted(50)(ballot)?.key).toBe('x');
  });

  it('takes confidences beyond 0..1 as the nearest end, and no number as none', () => {
    const of = (confidence: number): number | undefined =>
      confidenceWeighted()({
        members: [{ id: 'a', accuracy: 0.5 }],
        samples: [sample('a', 0, 'x', { confidence }), sample('a', 1, 'y', { confidence: 0 })],
      })?.scores.get('x');
    expect(of(7)).toBe(of(1));
    expect(of(NaN)).toBe(of(0));
    expect(() => confidenceWeighted(0)).toThrow('temperature');
  });
});
