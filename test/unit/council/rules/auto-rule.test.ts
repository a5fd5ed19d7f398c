import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWER_KINDS } from '#contracts/deliberation';
import { TIERS } from '#contracts/hardware';
import { RULES } from '#contracts/rules';
import { chooseRule, type RuleSituation } from '../../../../src/council/rules/auto-rule.ts';

const LOCAL: RuleSituation = {
  kind: 'number',
  members: 3,
  samplesPerMember: 3,
  tier: 'mid',
  oneModelAtATime: false,
  timeBudgetMs: null,
  answerMs: null,
  confidences: false,
  embeddings: false,
  chairmanChosen: false,
};
const FREE: RuleSituation = { ...LOCAL, kind: 'free', samplesPerMember: 1 };

describe('Auto', () => {
  it.each([
    ['slm-mux', LOCAL],
    ['model-switch', { ...LOCAL, oneModelAtATime: true }],
    ['plurality', { ...LOCAL, samplesPerMember: 1 }],
    ['plurality', { ...LOCAL, members: 1 }],
    ['confidence', { ...LOCAL, members: 1, confidences: true }],
    ['pairwise', FREE],
    ['medoid', { ...FREE, embeddings: true }],
    ['chairman', { ...FREE, chairmanChosen: true }],
    ['plurality', { ...FREE, members: 2 }],
    ['plurality', { ...FREE, members: 1, chairmanChosen: true }],
    ['slm-mux', { ...LOCAL, chairmanChosen: true }],
    ['plurality', { ...LOCAL, weighed: true }],
    ['pairwise', { ...FREE, weighed: true }],
  ] as const)('%s', (rule, situation) => {
    expect(chooseRule(situation).rule).toBe(rule);
  });

  it('asks for as many samples as there is time for, and says so', () => {
    const hurried = { ...LOCAL, timeBudgetMs: 5000, answerMs: 2000 };
    expect(chooseRule(hurried)).toMatchObject({ rule: 'slm-mux', samplesPerMember: 2 });
    expect(chooseRule(hurried).reasons.join(' ')).toContain('There is time for 2 of 3 answers');
    // One after the other: three members in five seconds are one sample each.
    expect(chooseRule({ ...hurried, oneModelAtATime: true })).toMatchObject({
      rule: 'plurality',
      samplesPerMember: 1,
    });
    expect(chooseRule({ ...hurried, timeBudgetMs: 1 }).samplesPerMember).toBe(1);
    expect(chooseRule({ ...hurried, answerMs: null }).samplesPerMember).toBe(3);
  });

  it('says that weights have no say between long texts', () => {
    expect(chooseRule({ ...FREE, weighed: true }).reasons.join(' ')).toContain('your weights have no say');
    expect(chooseRule(FREE).reasons.join(' ')).not.toContain('weights');
  });

  it('whatever the situation: a rule, reasons, no more samples than wanted, and never ranking by itself', () => {
    const situations = fc.record({
      kind: fc.constantFrom(...ANSWER_KINDS),
      members: fc.nat(6),
      samplesPerMember: fc.nat(6),
      tier: fc.constantFrom(...TIERS),
      oneModelAtATime: fc.boolean(),
      timeBudgetMs: fc.option(fc.nat(60_000)),
      answerMs: fc.option(fc.nat(20_000)),
      confidences: fc.boolean(),
      embeddings: fc.boolean(),
      chairmanChosen: fc.boolean(),
    });
    fc.assert(
      fc.property(situations, (situation) => {
        const { rule, samplesPerMember, reasons } = chooseRule(situation);
        expect(RULES.filter((name) => name !== 'borda' && name !== 'kemeny')).toContain(rule);
        if (!situation.chairmanChosen) expect(rule).not.toBe('chairman');
        expect(samplesPerMember).toBeGreaterThanOrEqual(1);
        expect(samplesPerMember).toBeLessThanOrEqual(Math.max(1, situation.samplesPerMember));
        expect(reasons.length).toBeGreaterThan(0);
        expect(reasons.join(' ')).not.toMatch(/verif/i);
      }),
    );
  });
});
