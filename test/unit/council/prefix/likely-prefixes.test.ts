import { describe, expect, it } from 'vitest';
import { pathTo } from '#contracts/conversation-tree';
import type { MemberManner } from '#contracts/council';
import { isRead, likelyPrefixes } from '../../../../src/council/prefix/likely-prefixes.ts';
import { TURN_OVERHEAD } from '../../../../src/council/conversation.ts';
import { conversation } from '../../../fakes/conversations.ts';

const MANNER: MemberManner = {
  system: (shortAnswer, abstain) => `${shortAnswer ? 'short' : 'long'} ${abstain}`,
  freeAnswerTokens: 10,
  promptLimit: 1_000,
  softDeadlineMs: 1,
  hardDeadlineMs: 2,
};
const talk = conversation('c', 2);
const EXPECTED = { path: pathTo(talk, talk.headId), view: 'own', shortAnswer: true, abstain: 'no' } as const;

describe('what will stand before the next question', () => {
  it('is the instruction, and the conversation as the member is shown it', () => {
    expect(likelyPrefixes([{ id: 'alder', manner: MANNER }], EXPECTED).get('alder')).toEqual({
      system: 'short no',
      history: [
        { role: 'user', content: 'question 1' },
        { role: 'assistant', content: 'answer 1' },
        { role: 'user', content: 'question 2' },
        { role: 'assistant', content: 'answer 2' },
      ],
    });
    const alone = { ...EXPECTED, path: [], shortAnswer: false };
    expect(likelyPrefixes([{ id: 'alder', manner: MANNER }], alone).get('alder')).toEqual({
      system: 'long no',
    });
  });

  it('leaves room for a question that nobody has typed yet', () => {
    const promptLimit = 2 * (18 + TURN_OVERHEAD);
    const prefix = likelyPrefixes([{ id: 'alder', manner: { ...MANNER, promptLimit } }], EXPECTED).get(
      'alder',
    );
    expect(prefix?.history).toHaveLength(2);
  });

  it('is nothing for a member that is asked bare questions', () => {
    expect(
      likelyPrefixes([{ id: 'a' }, { id: 'b', manner: { ...MANNER, system: null } }], EXPECTED).size,
    ).toBe(0);
  });
});

describe('a prefix that the engine has read', () => {
  const user = { role: 'user', content: 'q' } as const;
  const said = { role: 'assistant', content: 'a' } as const;
  const last = { system: 's', history: [user, said], exchange: { prompt: 'q2', answer: 'a2' } };

  it('is one that its last prompt begins with, its answer included', () => {
    expect(isRead({ system: 's' }, last)).toBe(true);
    expect(isRead({ system: 's', history: [user, said] }, last)).toBe(true);
    const whole = [
      user,
      said,
      { role: 'user', content: 'q2' },
      { role: 'assistant', content: 'a2' },
    ] as const;
    expect(isRead({ system: 's', history: whole }, last)).toBe(true);
    expect(isRead({ system: 's', history: whole }, { ...last, exchange: null })).toBe(false);
  });

  it('is none that begins otherwise', () => {
    expect(isRead({ system: 's' }, undefined)).toBe(false);
    expect(isRead({}, undefined)).toBe(false);
    expect(isRead({ system: 't' }, last)).toBe(false);
    expect(isRead({}, last)).toBe(false);
    expect(isRead({ system: 's', history: [said] }, last)).toBe(false);
    expect(isRead({ system: 's', history: [{ ...user, content: 'other' }] }, last)).toBe(false);
  });
});
