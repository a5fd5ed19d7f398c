import { describe, expect, it } from 'vitest';
import type { RecordedBallot } from '#contracts/calibration';
import type { StopReplay } from '#contracts/evaluation';
import type { StopName } from '#contracts/rules';
import { judge, type RuleSet } from '../../../../src/council/evaluation/judged.ts';
import { replayStops, stopByArrival } from '../../../../src/council/evaluation/stop-replay.ts';
import { PLAIN_RULES } from '../../../fakes/plain-rules.ts';
import { ALDER_BIRCH_CEDAR as MEMBERS, recordedBallot } from '../../../fakes/recorded-ballots.ts';

const ORDERS = 20;

function rows(ballots: readonly RecordedBallot[], count = 1, rules: RuleSet = PLAIN_RULES): StopReplay[] {
  return replayStops(judge(ballots, MEMBERS), MEMBERS, rules, count, 3);
}

function row(all: readonly StopReplay[], stop: StopName, of: StopReplay['of'], voters: number): StopReplay {
  const found = all.find((each) => each.stop === stop && each.of === of && each.voters === voters);
  if (found === undefined) throw new Error(`no row ${stop} ${of} ${String(voters)}`);
  return found;
}

describe('three members', () => {
  it('save the third call in every order where all agree', () => {
    const all = rows([recordedBallot(1, [[1], [1], [1]])]);
    expect(all.map(({ stop }) => stop)).toEqual(['exact', 'adaptive-consistency', 'first-two']);
    expect(row(all, 'exact', 'members', 3)).toMatchObject({
      rule: 'plurality',
      replays: ORDERS,
      calls: 3 * ORDERS,
      callsSaved: ORDERS,
      tokens: 60 * ORDERS,
      changedAnswers: 0,
      correctFull: ORDERS,
      correctStopped: ORDERS,
    });
    expect(row(all, 'adaptive-consistency', 'members', 3).callsSaved).toBe(0);
  });

  it('save it in the orders in which the two that agree come first', () => {
    const { callsSaved, tokensSaved } = row(
      rows([recordedBallot(1, [[1], [1], [2]])]),
      'exact',
      'members',
      3,
    );
    // A third of all orders; the member left out is then cedar, with its 30 tokens.
    expect(callsSaved).toBeGreaterThan(1);
    expect(callsSaved).toBeLessThan(14);
    expect(tokensSaved).toBe(30 * callsSaved);
  });

  it('save nothing where nobody votes, and nothing where all differ', () => {
    for (const said of [
      [[null], ['?'], [null]],
      [[1], [2], [3]],
    ] as const) {
      expect(row(rows([recordedBallot(1, said)]), 'first-two', 'members', 3).callsSaved).toBe(0);
    }
  });

  it('are the same for the same seed', () => {
    const ballots = [recordedBallot(1, [[1], [1], [2]]), recordedBallot(2, [[2], [3], [2]])];
    expect(rows(ballots)).toEqual(rows(ballots));
  });
});

describe('answers as voters', () => {
  const five = [
    recordedBallot(1, [
      [1, 1, 1],
      [1, 1, 1, 1, 2, 2, 2, 2, 2],
      [1, 1, 1],
    ]),
  ];

  it('are the first five of all, and the first three and five of the best member', () => {
    const sizes = rows(five, 3)
      .filter(({ stop }) => stop === 'exact')
      .map(({ of, voters }) => `${of} ${String(voters)}`);
    expect(sizes).toEqual(['members 3', 'samples 5', 'best-member 3', 'best-member 5']);
  });

  it('save two of five where all agree, three by the first two, one by adaptive consistency', () => {
    const all = rows(five, 3);
    expect(row(all, 'exact', 'samples', 5).callsSaved).toBe(2 * ORDERS);
    expect(row(all, 'first-two', 'samples', 5).callsSaved).toBe(3 * ORDERS);
    expect(row(all, 'adaptive-consistency', 'samples', 5).callsSaved).toBe(ORDERS);
  });

  it('counts answers that a stop without a guarantee changes', () => {
    // Of one's five 1, 1, 2, 2, 2 the first two that agree are often the smaller half.
    const said = recordedBallot(2, [[2], [1, 1, 2, 2, 2], [2]]);
    const { changedAnswers, correctFull, correctStopped } = row(rows([said]), 'first-two', 'best-member', 5);
    expect(changedAnswers).toBeGreaterThan(0);
    expect(changedAnswers).toBeLessThan(ORDERS);
    expect(correctFull).toBe(ORDERS);
    expect(correctStopped).toBe(ORDERS - changedAnswers);
  });

  it('would see it if the exact stop changed an answer', () => {
    const contrary: RuleSet = {
      plurality: () => ({ key: '9', speakerId: 'alder', tied: false, scores: new Map() }),
    };
    expect(row(rows(five, 3, contrary), 'exact', 'members', 3).changedAnswers).toBe(ORDERS);
  });
});

describe('in order of arrival', () => {
  const replayed = (ballot: RecordedBallot, rules: RuleSet = PLAIN_RULES) =>
    stopByArrival(judge([ballot], MEMBERS), MEMBERS, rules);
  const arriving = (ballot: RecordedBallot, order: readonly string[]): RecordedBallot => ({
    ...ballot,
    samples: ballot.samples.map((each) => ({ ...each, arrival: order.indexOf(each.memberId) })),
  });

  it('stops when the two that agree are there', () => {
    const ballot = recordedBallot(1, [[2], [1], [2]]);
    expect(replayed(arriving(ballot, ['alder', 'cedar', 'birch'])).callsSaved).toBe(1);
    expect(replayed(arriving(ballot, ['alder', 'birch', 'cedar'])).callsSaved).toBe(0);
  });

  it('treats an abstention as an answer that has come', () => {
    // One vote ahead and one outstanding: not decided.
    expect(replayed(recordedBallot(1, [[null], [1], [1]])).callsSaved).toBe(0);
  });

  it('would see it if it changed an answer', () => {
    const contrary: RuleSet = {
      plurality: () => ({ key: '2', speakerId: 'cedar', tied: false, scores: new Map() }),
    };
    expect(replayed(recordedBallot(1, [[1], [1], [2]]), contrary).changedAnswers).toBe(1);
  });
});
