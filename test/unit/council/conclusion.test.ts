import { describe, expect, it } from 'vitest';
import type { MemberOutcome, MemberStatus } from '#contracts/deliberation';
import { answerOf, concludeRound, type ConclusionInput } from '../../../src/council/conclusion.ts';

function outcome(
  id: string,
  status: MemberStatus,
  key: string | null = null,
  answer = key ?? '',
): MemberOutcome {
  return {
    id,
    name: id,
    engine: 'wllama',
    backend: 'cpu',
    status,
    answer,
    key,
    tokens: answer.length,
    ttftMs: null,
    tokensPerSecond: null,
    durationMs: 10,
  };
}

const accuracyOf = (id: string): number => id.charCodeAt(0) / 1000;

function conclude(members: readonly MemberOutcome[], more: Partial<ConclusionInput> = {}): string {
  const said = concludeRound({ members, accuracyOf, verdictKey: null, stoppedByUser: false, ...more });
  return `${said.outcome} ${String(said.key)}`;
}

describe('the outcome of a round', () => {
  const one = outcome('a', 'answered', '1');
  const two = outcome('b', 'answered', '2');

  it.each([
    ['decided 1', [one]],
    ['tied 2', [one, two]],
    ['decided 1', [one, outcome('b', 'abstained')]],
    ['decided 1', [one, outcome('b', 'late', '1'), outcome('c', 'timeout')]],
    ['partial 1', [one, outcome('b', 'timeout')]],
    ['partial 2', [one, two, outcome('c', 'lost')]],
    ['decided 1', [one, outcome('b', 'answered', '1'), outcome('c', 'cut')]],
    ['partial 1', [one, outcome('b', 'answered', '1'), outcome('c', 'lost'), outcome('d', 'failed')]],
    ['abstained null', [outcome('a', 'abstained'), outcome('b', 'failed')]],
    ['failed null', [outcome('a', 'failed'), outcome('b', 'lost'), outcome('c', 'timeout')]],
    ['failed null', []],
  ] as const)('%s', (expected, members) => {
    expect(conclude(members)).toBe(expected);
  });

  it('is "stopped" when the user stopped it before any vote', () => {
    const members = [outcome('a', 'abstained'), outcome('b', 'stopped')];
    expect(conclude(members, { stoppedByUser: true })).toBe('stopped null');
    expect(conclude([...members, outcome('c', 'answered', '1')], { stoppedByUser: true })).toBe('partial 1');
  });

  it('stays with what was announced', () => {
    const members = [one, two, outcome('c', 'late', '2')];
    expect(conclude(members, { verdictKey: '1' })).toBe('partial 1');
    expect(conclude(members, { verdictKey: '2' })).toBe('decided 2');
  });
});

it('speaks with the words of the most accurate member that agrees, trimmed', () => {
  const members = [outcome('a', 'answered', '1000', '1,000'), outcome('b', 'answered', '1000', ' 1000 ')];
  expect(answerOf(members, '1000', accuracyOf)).toBe('1000');
  expect(answerOf([...members].reverse(), '1000', accuracyOf)).toBe('1000');
  expect(answerOf([], '7', accuracyOf)).toBe('7');
});

it('counts the calls that the early stop saved', () => {
  const members = [outcome('a', 'answered', '1'), outcome('b', 'cut'), outcome('c', 'cut')];
  expect(concludeRound({ members, accuracyOf, verdictKey: '1', stoppedByUser: false }).callsSaved).toBe(2);
});
