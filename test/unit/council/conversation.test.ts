import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ConversationSchema, MOST_TURNS, type Turn } from '#contracts/conversation';
import { branchesOf, newestAfter, pathTo } from '#contracts/conversation-tree';
import {
  edited,
  followUp,
  memberHistory,
  newConversation,
  retried,
  turnedTo,
  TURN_OVERHEAD,
  viewedAs,
  withTurn,
} from '../../../src/council/conversation.ts';
import { mergeConversations } from '../../../src/council/merge-conversations.ts';
import { conversation, grown, roundOf } from '../../fakes/conversations.ts';

const ids = (turns: readonly Turn[]): string => turns.map(({ id }) => id).join(' ');

describe('a conversation', () => {
  it('grows by turns, each after the one before, and is named after the first', () => {
    const talk = conversation('c', 3);
    expect(talk).toMatchObject({ title: 'question 1', headId: 't3', updatedAt: 4, createdAt: 1 });
    expect(ids(pathTo(talk, talk.headId))).toBe('t1 t2 t3');
    expect(followUp(talk, 'and?')).toEqual({ parentId: 't3', kind: 'ask', prompt: 'and?' });
    expect(v.is(ConversationSchema, talk)).toBe(true);
  });

  it('branches at an edit and at a retry, and either branch goes on by itself', () => {
    const talk = conversation('c', 3);
    const edit = edited(talk, 't2', 'question two');
    expect(edit).toEqual({ ok: true, value: { parentId: 't1', kind: 'edit', prompt: 'question two' } });
    const retry = retried(talk, 't2');
    expect(retry).toEqual({ ok: true, value: { parentId: 't1', kind: 'retry', prompt: 'question 2' } });
    if (!edit.ok || !retry.ok) return;
    let tree = grown(talk, 't2b', edit.value, roundOf('r4', 'question two', 'answer two'));
    tree = grown(tree, 't3b', {}, roundOf('r5', 'and then?', 'nothing'));
    expect(ids(pathTo(tree, tree.headId))).toBe('t1 t2b t3b');
    tree = grown(tree, 't2c', retry.value, roundOf('r6', 'question 2', 'answer 2'));
    expect(ids(branchesOf(tree, 't2c'))).toBe('t2 t2b t2c');
    expect(ids(branchesOf(tree, 'nothing'))).toBe('');
    expect(['t1', 't2', 't2b', 't3', 'gone'].map((id) => newestAfter(tree, id))).toEqual([
      't2c',
      't3',
      't3b',
      't3',
      'gone',
    ]);
    const back = turnedTo(tree, 't3', 900);
    expect(back).toMatchObject({ ok: true, value: { headId: 't3', updatedAt: 900 } });
    expect(ids(pathTo(tree, 't3'))).toBe('t1 t2 t3');
    expect(v.is(ConversationSchema, tree)).toBe(true);
  });

  it('begins anew when its first turn is asked otherwise', () => {
    const edit = edited(conversation('c', 2), 't1', 'Else?');
    expect(edit).toMatchObject({ value: { parentId: null } });
  });

  it('knows no turn that is not there, and takes none twice or beyond its bound', () => {
    const talk = conversation('c', 1);
    const unknown = { ok: false, error: { code: 'usage', details: { reason: 'turn-unknown' } } };
    expect(edited(talk, 'x', 'q')).toMatchObject(unknown);
    expect(retried(talk, 'x')).toMatchObject(unknown);
    expect(turnedTo(talk, 'x', 1)).toMatchObject(unknown);
    const record = roundOf('r', 'q', 'a');
    expect(withTurn(talk, 't9', { parentId: 'x', kind: 'ask' }, record)).toMatchObject(unknown);
    expect(withTurn(talk, 't1', { parentId: null, kind: 'ask' }, record)).toMatchObject({
      error: { details: { reason: 'turn-known' } },
    });
    const full = { ...talk, turns: Array<Turn>(MOST_TURNS).fill(talk.turns[0] as Turn) };
    expect(withTurn(full, 't9', { parentId: null, kind: 'ask' }, record)).toMatchObject({
      error: { code: 'record-invalid', details: { reason: 'full' } },
    });
  });

  it('keeps the words that members may be reminded of, and no others', () => {
    const record = roundOf('r', 'q', ' words ');
    const [first, second] = record.members;
    if (first === undefined || second === undefined) throw new Error('two members');
    const members = [first, { ...second, status: 'cut' as const, answer: 'half a wo' }];
    const talk = grown(newConversation('c', 1), 't', {}, { ...record, members });
    expect(talk.turns[0]?.answers).toEqual([{ memberId: 'alder', answer: 'words' }]);
  });

  it('is later with every change, also where the clock was set back', () => {
    const talk = conversation('c', 2);
    expect(grown(talk, 't9', {}, roundOf('r', 'q', 'a', 0)).updatedAt).toBeGreaterThan(talk.updatedAt);
    expect(viewedAs(talk, 'council', 0)).toMatchObject({ view: 'council', updatedAt: talk.updatedAt + 1 });
  });

  it('is named by whole letters', () => {
    const talk = grown(newConversation('c', 1), 't', {}, roundOf('r', '👩'.repeat(100), 'a'));
    expect(talk.title).toBe(`${'👩'.repeat(79)}…`);
  });
});

describe('bytes that are no conversation', () => {
  const talk = conversation('c', 3);
  it.each([
    ['a turn before its parent', { turns: [...talk.turns].reverse() }],
    [
      'a circle',
      { turns: talk.turns.map((turn) => (turn.id === 't1' ? { ...turn, parentId: 't3' } : turn)) },
    ],
    ['a turn twice', { turns: [...talk.turns, ...talk.turns] }],
    ['a head that is not there', { headId: 'x' }],
    ['another version', { version: 2 }],
  ])('%s', (_what, change) => {
    expect(v.is(ConversationSchema, { ...talk, ...change })).toBe(false);
  });
});

describe('what a member is shown', () => {
  const turn = (n: number, answer: string | null, own: readonly (readonly [string, string])[]): Turn => ({
    id: `t${String(n)}`,
    parentId: n === 1 ? null : `t${String(n - 1)}`,
    kind: 'ask',
    deliberationId: `r${String(n)}`,
    askedAt: n,
    prompt: `q${String(n)}`,
    answer,
    answers: own.map(([memberId, said]) => ({ memberId, answer: said })),
  });
  const path = [
    turn(1, 'c1', [
      ['a', 'a1'],
      ['b', 'b1'],
    ]),
    turn(2, 'c2', [['b', 'b2']]),
    turn(3, null, []),
    turn(4, 'c4', [['a', 'a4']]),
  ];
  const said = (memberId: string, view: 'own' | 'council' | 'none', characters = 1_000): string =>
    memberHistory(path, memberId, { view, characters })
      .turns.map(({ content }) => content)
      .join(' ');

  it('is what it said itself, and the council where it said nothing', () => {
    expect(said('a', 'own')).toBe('q1 a1 q2 c2 q4 a4');
    expect(said('b', 'own')).toBe('q1 b1 q2 b2 q4 c4');
    expect(said('new', 'own')).toBe('q1 c1 q2 c2 q4 c4');
  });

  it('is what the council said, where that is wished', () => {
    expect(said('a', 'council')).toBe('q1 c1 q2 c2 q4 c4');
  });

  it('is nothing, where every question stands alone', () => {
    expect(memberHistory(path, 'a', { view: 'none', characters: 1_000 })).toEqual({
      turns: [],
      shown: 0,
      leftOut: 0,
    });
  });

  it('takes turns, questions first', () => {
    const roles = memberHistory(path, 'a', { view: 'own', characters: 1_000 }).turns.map(({ role }) => role);
    expect(roles).toEqual(['user', 'assistant', 'user', 'assistant', 'user', 'assistant']);
  });

  it('is the newest that has room, whole turns without a gap, and the rest is counted', () => {
    const one = 4 + TURN_OVERHEAD;
    expect(memberHistory(path, 'a', { view: 'own', characters: one })).toMatchObject({
      shown: 1,
      leftOut: 3,
    });
    expect(said('a', 'own', one)).toBe('q4 a4');
    expect(memberHistory(path, 'a', { view: 'own', characters: one - 1 })).toMatchObject({
      shown: 0,
      leftOut: 4,
    });
    expect(memberHistory(path, 'a', { view: 'own', characters: -5 })).toMatchObject({ shown: 0, leftOut: 4 });
    // The long one in the middle hides what is before it, though that alone would have room.
    const long = [turn(1, 'c', []), turn(2, 'c'.repeat(500), []), turn(3, 'c', [])];
    expect(memberHistory(long, 'a', { view: 'own', characters: 100 })).toMatchObject({
      shown: 1,
      leftOut: 2,
    });
  });

  it('never exceeds its room, and leaves out only what has none (properties)', () => {
    const texts = fc.string({ maxLength: 30 });
    const turns = fc.array(fc.tuple(texts, fc.option(texts), fc.option(texts)), { maxLength: 12 });
    fc.assert(
      fc.property(
        turns,
        fc.integer({ min: -10, max: 300 }),
        fc.constantFrom('own', 'council'),
        (raw, characters, view) => {
          const all = raw.map(([prompt, councils, own], n) => ({
            ...turn(n + 1, councils, own === null ? [] : [['a', own]]),
            prompt,
          }));
          const shown = memberHistory(all, 'a', { view, characters });
          const spent =
            shown.turns.reduce((sum, { content }) => sum + content.length, 0) + shown.shown * TURN_OVERHEAD;
          if (shown.shown > 0) expect(spent).toBeLessThanOrEqual(characters);
          expect(shown.shown + shown.leftOut).toBe(all.length);
          expect(shown.turns).toHaveLength(2 * shown.shown);
          // With room for everything only turns without an answer are left out.
          const roomy = memberHistory(all, 'a', { view, characters: 1e6 });
          const answered = all.filter(
            ({ answer, answers }) => (answers[0]?.answer ?? '') !== '' || (answer ?? '') !== '',
          );
          expect(roomy.shown).toBeLessThanOrEqual(answered.length);
          expect(roomy.turns.slice(roomy.turns.length - shown.turns.length)).toEqual(shown.turns);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('two copies of a conversation', () => {
  const base = conversation('c', 2);
  const left = grown(base, 'l', {}, roundOf('r3', 'left?', 'yes', 50));
  const right = grown(base, 'r', {}, roundOf('r4', 'right?', 'no', 60));

  it('become one that has the turns of both and follows the later', () => {
    const { record, conflict } = mergeConversations(left, right);
    expect(conflict).toBe(false);
    expect(ids(record.turns)).toBe('t1 t2 l r');
    expect(record.headId).toBe('r');
    expect(v.is(ConversationSchema, record)).toBe(true);
    expect(mergeConversations(record, left).record).toEqual(record);
    expect(mergeConversations(record, right).record).toEqual(record);
    expect(new Set(mergeConversations(right, left).record.turns)).toEqual(new Set(record.turns));
  });

  it('that contradict each other are said to', () => {
    const other = { ...left, turns: left.turns.map((turn) => ({ ...turn, prompt: 'forged' })) };
    expect(mergeConversations(left, other).conflict).toBe(true);
  });
});
