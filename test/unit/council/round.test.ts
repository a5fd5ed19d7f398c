import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { DeliberationSchema } from '#contracts/deliberation';
import { ABSTAIN, playedRecord, playRound, statuses } from '../../fakes/played-round.ts';
import { scriptedEngine } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';

describe('a round that all members finish', () => {
  it('is decided unanimously, without waiting for anybody', async () => {
    const record = await playedRecord([
      { says: '85', atMs: 10 },
      { says: '85', atMs: 20 },
      { says: '85', atMs: 30 },
    ]);
    expect(record).toMatchObject({ outcome: 'decided', answer: '85', key: '85', agreement: 1, dissent: [] });
    expect(statuses(record.members)).toBe('a:answered b:answered c:answered');
    // The second vote decided: a lead of two over one outstanding.
    expect(record).toMatchObject({ decidedEarly: true, decidedMs: 20, wallMs: 30, callsSaved: 0 });
  });

  it('shows who differs, and counts 085 and 85 as one vote', async () => {
    const record = await playedRecord([
      { says: '085', atMs: 10 },
      { says: '85', atMs: 20 },
      { says: '86', atMs: 30 },
    ]);
    expect(record).toMatchObject({ answer: '85', agreement: 2 / 3 });
    expect(record.dissent).toEqual([{ key: '86', answer: '86', members: ['c'] }]);
  });

  it('gives a tie to the most accurate member, and says that it was one', async () => {
    const record = await playedRecord([
      { says: '1', atMs: 10 },
      { says: '2', atMs: 20 },
      { says: '3', atMs: 30 },
    ]);
    expect(record).toMatchObject({ outcome: 'tied', answer: '3', decidedEarly: false, decidedMs: 30 });
  });

  it('asks every member the same question with the grammar of its answer', async () => {
    const played = playRound([{ says: '85' }, { says: '85' }]);
    await played.pass(20);
    for (const member of played.members) {
      const [request] = scriptedEngine(member).requests;
      expect(request).toMatchObject({ prompt: 'What is 38 + 47?', temperature: 0, seed: 7 });
      expect(request?.grammar).toContain('[0-9]');
    }
    expect(played.record()?.outcome).toBe('decided');
  });

  it('works with a single member', async () => {
    const record = await playedRecord([{ says: '85' }]);
    expect(record).toMatchObject({ outcome: 'decided', answer: '85', decidedEarly: false, agreement: 1 });
  });
});

describe('the early stop', () => {
  it('lets a member finish inside the grace', async () => {
    const record = await playedRecord([
      { says: '85', atMs: 10 },
      { says: '85', atMs: 20 },
      { says: '99', atMs: 150 },
    ]);
    expect(statuses(record.members)).toBe('a:answered b:answered c:answered');
    expect(record).toMatchObject({ decidedEarly: true, decidedMs: 20, callsSaved: 0, answer: '85' });
    expect(record.dissent).toHaveLength(1);
  });

  it('cuts what takes longer', async () => {
    const record = await playedRecord([
      { says: '85', atMs: 10 },
      { says: '85', atMs: 20 },
      { says: '9999999999', atMs: 900 },
    ]);
    expect(statuses(record.members)).toBe('a:answered b:answered c:cut');
    expect(record).toMatchObject({ outcome: 'decided', callsSaved: 1, missing: [], wallMs: 220 });
    // What it had written stays on record, but it is no vote.
    expect(record.members[2]).toMatchObject({ key: null, tokens: 2, answer: '99' });
  });

  it('really stops the decode of a cut member', async () => {
    const played = playRound([{ says: '85', atMs: 10 }, { says: '85', atMs: 20 }, { hangs: true }]);
    await played.pass(300);
    expect(played.record()?.outcome).toBe('decided');
    expect(scriptedEngine(played.members[2]).aborted).toBe(1);
  });

  it('waits when the lead could still be caught up', async () => {
    const record = await playedRecord([
      { says: '1', atMs: 10 },
      { says: '2', atMs: 20 },
      { says: '1', atMs: 500 },
    ]);
    expect(statuses(record.members)).toBe('a:answered b:answered c:answered');
    expect(record).toMatchObject({ answer: '1', decidedEarly: false, wallMs: 500 });
  });
});

describe('deadlines', () => {
  it('answers with a quorum at the soft deadline and ends at the hard one', async () => {
    const played = playRound([{ says: '1', atMs: 10 }, { says: '2', atMs: 20 }, { hangs: true }]);
    await played.pass(1000);
    expect(played.events.at(-1)).toMatchObject({
      type: 'round-decided',
      answer: '2',
      agreement: 0.5,
      outstanding: ['c'],
    });
    await played.pass(1000);
    const record = played.record();
    expect(record).toMatchObject({ outcome: 'partial', answer: '2', missing: ['c'], decidedMs: 1000 });
    expect(record).toMatchObject({ decidedEarly: false, lateWouldFlip: false, wallMs: 2000 });
    expect(record?.members[2]?.status).toBe('timeout');
  });

  it('keeps a late vote apart, and does not call it missing', async () => {
    const record = await playedRecord([
      { says: '1', atMs: 10 },
      { says: '2', atMs: 20 },
      { says: '2', atMs: 1500 },
    ]);
    expect(statuses(record.members)).toBe('a:answered b:answered c:late');
    expect(record).toMatchObject({ answer: '2', outcome: 'decided', lateWouldFlip: false, missing: [] });
    expect(record.agreement).toBeCloseTo(2 / 3);
  });

  it('keeps what it said when a late vote would have flipped it, and says so', async () => {
    const record = await playedRecord([
      { says: '1', atMs: 10 },
      { says: '2', atMs: 20 },
      { says: '1', atMs: 1500 },
    ]);
    expect(record).toMatchObject({ answer: '2', key: '2', outcome: 'partial', lateWouldFlip: true });
    expect(record.agreement).toBeCloseTo(1 / 3);
    expect(record.dissent).toEqual([{ key: '1', answer: '1', members: ['a', 'c'] }]);
  });

  it('ends at the hard deadline although nobody ever answers', async () => {
    const record = await playedRecord([{ hangs: true }, { hangs: true }]);
    expect(record).toMatchObject({ outcome: 'failed', answer: null, wallMs: 2000, decidedMs: null });
    expect(statuses(record.members)).toBe('a:timeout b:timeout');
  });

  it('says nothing at the soft deadline when no vote is there', async () => {
    const played = playRound([{ hangs: true }, { hangs: true }]);
    await played.pass(1500);
    expect(played.events.map((event) => event.type)).toEqual([
      'round-started',
      'member-started',
      'member-started',
    ]);
  });
});

describe('members that fall away', () => {
  it('goes on with the others when a worker dies', async () => {
    const record = await playedRecord([
      { fails: 'worker-lost', atMs: 5 },
      { says: '85', atMs: 10 },
      { says: '85', atMs: 20 },
    ]);
    expect(record).toMatchObject({ outcome: 'decided', answer: '85', missing: ['a'] });
    expect(record.members[0]).toMatchObject({ status: 'lost', error: 'worker-lost', key: null });
  });

  it('is honest when a lost member could have changed the result', async () => {
    const record = await playedRecord([{ fails: 'worker-silent', atMs: 5 }, { says: '85' }]);
    expect(record).toMatchObject({ outcome: 'partial', answer: '85', agreement: 1, missing: ['a'] });
    expect(record.members[0]?.status).toBe('lost');
  });

  it('counts an abstention as neither vote nor gap', async () => {
    const record = await playedRecord([{ says: ABSTAIN }, { says: '85', atMs: 20 }, { says: 'perhaps' }]);
    expect(record).toMatchObject({ outcome: 'decided', answer: '85', agreement: 1, missing: [] });
    expect(statuses(record.members)).toBe('a:abstained b:answered c:abstained');
  });

  it('says that nobody had an answer', async () => {
    const record = await playedRecord([{ says: ABSTAIN }, { says: ABSTAIN, atMs: 30 }]);
    expect(record).toMatchObject({ outcome: 'abstained', answer: null, key: null, agreement: 0 });
  });

  it('says that everybody failed', async () => {
    const record = await playedRecord([{ fails: 'engine-failed' }, { fails: 'context-exceeded' }]);
    expect(record).toMatchObject({ outcome: 'failed', answer: null, missing: ['a', 'b'] });
    expect(record.members.map((member) => member.error)).toEqual(['engine-failed', 'context-exceeded']);
  });

  it('survives an engine that throws', async () => {
    const record = await playedRecord([{ throws: true }, { says: '85' }, { says: '85' }]);
    expect(record).toMatchObject({ outcome: 'decided', answer: '85' });
    expect(record.members[0]).toMatchObject({ status: 'failed', error: 'internal' });
  });

  it('ends at once without members', async () => {
    const record = await playedRecord([]);
    expect(record).toMatchObject({ outcome: 'failed', answer: null, members: [], agreement: 0, wallMs: 0 });
  });
});

describe('stops', () => {
  it('stops one member and lets the others decide', async () => {
    const played = playRound([{ hangs: true }, { says: '85', atMs: 50 }, { says: '85', atMs: 60 }]);
    await played.pass(10);
    played.round.stop('a');
    played.round.stop('a');
    played.round.stop('nobody');
    await played.pass(100);
    const record = played.record();
    expect(record).toMatchObject({ outcome: 'decided', answer: '85', missing: ['a'] });
    expect(record?.members[0]?.status).toBe('stopped');
    expect(played.events.filter((event) => event.type === 'member-ended')).toHaveLength(3);
  });

  it('stops all and keeps what there is', async () => {
    const played = playRound([{ says: '85', atMs: 20 }, { hangs: true }, { says: '1234567890', atMs: 1000 }]);
    await played.pass(200);
    played.round.stop();
    played.round.stop();
    await turn();
    const record = played.record();
    expect(record).toMatchObject({ outcome: 'partial', answer: '85', missing: ['b', 'c'] });
    expect(statuses(record?.members ?? [])).toBe('a:answered b:stopped c:stopped');
    expect(record?.members[2]).toMatchObject({ answer: '12', key: null });
  });

  it('says "stopped" when there is no vote yet', async () => {
    const played = playRound([{ hangs: true }, { hangs: true }]);
    await played.pass(100);
    played.round.stop();
    await turn();
    expect(played.record()).toMatchObject({ outcome: 'stopped', answer: null, wallMs: 100 });
  });

  it('leaves no timer behind', async () => {
    const played = playRound([{ says: '85' }, { says: '85' }, { says: '85', atMs: 900 }]);
    await played.pass(400);
    expect(played.record()).not.toBeNull();
    expect(played.clock.pending).toBe(0);
  });
});

describe('free text', () => {
  it('compares it without the speaker’s own name', async () => {
    const record = await playedRecord(
      [{ says: 'I am Member A, a model.' }, { says: 'I am member b, a model' }],
      { prompt: 'Who are you?' },
    );
    expect(record).toMatchObject({ answerKind: 'free', outcome: 'decided', agreement: 1 });
    // Each keeps its own words; the better member's are the council's.
    expect(record.answer).toBe('I am member b, a model');
  });

  it('asks without a grammar', async () => {
    const played = playRound([{ says: 'Hello!' }], { prompt: 'hello' });
    await played.pass(20);
    expect(scriptedEngine(played.members[0]).requests[0]).not.toHaveProperty('grammar');
  });
});

it('tells what happens in order', async () => {
  const played = playRound([{ says: '85', atMs: 10 }, { says: '85', atMs: 20 }, { hangs: true }]);
  await played.pass(300);
  expect(
    played.events.map((event) => {
      switch (event.type) {
        case 'member-started':
          return `start ${event.memberId}`;
        case 'member-chunk':
          return `chunk ${event.memberId} ${event.text}`;
        case 'member-ended':
          return `end ${event.member.id} ${event.member.status}`;
        case 'round-decided':
          return `decided ${event.answer} without ${event.outstanding.join(' ')}`;
        default:
          return event.type;
      }
    }),
  ).toEqual([
    'round-started',
    'start a',
    'start b',
    'start c',
    'chunk a 8',
    'chunk a 85',
    'chunk b 8',
    'end a answered',
    'chunk b 85',
    'end b answered',
    'decided 85 without c',
    'end c cut',
  ]);
});

it('measures first token, speed and duration of each part', async () => {
  const record = await playedRecord([{ says: '12345', atMs: 100 }]);
  expect(record.members[0]).toMatchObject({ ttftMs: 20, tokens: 5, tokensPerSecond: 50, durationMs: 100 });
});

it('writes a record that its schema accepts', async () => {
  const record = await playedRecord([{ says: '85' }, { fails: 'worker-lost' }, { says: ABSTAIN }]);
  expect(v.safeParse(DeliberationSchema, { ...record, frames: null }).issues).toBeUndefined();
});
