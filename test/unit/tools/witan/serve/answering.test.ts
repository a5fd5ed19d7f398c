import { describe, expect, test } from 'vitest';
import { err, ok } from '#kernel/result';
import type { Deliberation } from '#contracts/deliberation';
import { failure } from '#contracts/errors';
import { answer } from '../../../../../tools/witan/serve/answering.ts';
import type { CouncilAsking, MemberAsking } from '../../../../../tools/witan/serve/asking.ts';
import { deliberation, member } from '../../../../fakes/port-data.ts';
import { aborted, FakeBackend, generation } from '../../../../fakes/serve-backend.ts';

const NEVER = new AbortController().signal;
const COUNCIL: CouncilAsking = {
  type: 'council',
  prompt: 'q',
  history: [],
  seed: 1,
  maxTokens: null,
  stop: [],
  leftOut: [],
  leaveOutHistory: false,
};
const MEMBER: MemberAsking = {
  type: 'member',
  memberId: 'alder',
  request: { prompt: 'q', maxTokens: 9, temperature: 0, seed: 1 },
  stop: [],
  leaveOut: [],
};

async function run(backend: FakeBackend, asking: CouncilAsking | MemberAsking, signal = NEVER) {
  const pieces: string[] = [];
  const answered = await answer(signal, backend, asking, {
    text: (piece) => {
      if (piece !== '') pieces.push(piece);
    },
    working: () => undefined,
  });
  return { answered, pieces };
}

function council(record: Deliberation, more: Partial<CouncilAsking> = {}, decided?: string) {
  const backend = new FakeBackend();
  backend.onAsk = (_signal, _question, onNews) => {
    for (const { id, answer } of record.members) {
      for (let length = 1; length <= answer.length; length += 1)
        onNews({ type: 'chunk', memberId: id, characters: length, tokens: length });
      onNews({ type: 'ended', memberId: id });
    }
    if (decided !== undefined) onNews({ type: 'decided', answer: decided });
    return Promise.resolve(ok(record));
  };
  return run(backend, { ...COUNCIL, ...more });
}

describe('the council', () => {
  test('says which members were not shown all that was said before', async () => {
    const members = [
      member('alder', { history: { shown: 2, leftOut: 0 } }),
      member('birch', { history: { shown: 1, leftOut: 1 } }),
    ];
    const told = { alder: { shown: 2, left_out: 0 }, birch: { shown: 1, left_out: 1 } };
    expect((await council(deliberation({ members }))).answered).toMatchObject({
      value: {
        witan: {
          left_out: ['history'],
          members: [{ history: told.alder }, { history: told.birch }],
        },
      },
    });
    const whole = await council(deliberation({ members: members.slice(0, 1) }));
    expect(whole.answered).not.toHaveProperty('value.witan.left_out');
  });

  test('says its answer with what it cost and how it came about', async () => {
    const record = deliberation({
      members: [
        member('alder', { promptTokens: 18 }),
        member('birch', { promptTokens: 18 }),
        member('cedar'),
      ],
      dissent: [{ key: '84', answer: '84', members: ['cedar'] }],
      missing: ['cedar'],
    });
    const { answered, pieces } = await council(record, { leftOut: ['system'] });
    expect(pieces).toEqual(['85']);
    expect(answered).toMatchObject({
      ok: true,
      value: {
        text: '85',
        finish: 'stop',
        usage: { prompt_tokens: 36, completion_tokens: 9, total_tokens: 45 },
        witan: {
          record_id: 'record-1',
          outcome: 'decided',
          agreement: 1,
          dissent: [{ key: '84' }],
          missing: ['cedar'],
          left_out: ['system'],
          members: [{ id: 'alder', status: 'answered', answer: '85' }, {}, {}],
        },
      },
    });
  });

  test('says it as soon as it is decided, and once', async () => {
    const { answered, pieces } = await council(deliberation({ answer: '85.' }), {}, '85');
    expect(pieces).toEqual(['85']);
    expect(answered).toMatchObject({ value: { text: '85' } });
  });

  test.each([
    [1, '8', 'length'],
    [2, '85', 'stop'],
    [9, '85', 'stop'],
  ])('within %i tokens it says %j', async (maxTokens, text, finish) => {
    const speaker = member('alder', { tokens: 2 });
    const { answered, pieces } = await council(deliberation({ members: [speaker] }), { maxTokens }, '85');
    expect(answered).toMatchObject({ value: { text, finish } });
    expect(pieces).toEqual([text]);
  });

  test('cuts its answer at a stop sequence', async () => {
    for (const decided of [undefined, '1, 2, 3']) {
      const record = deliberation({ answer: '1, 2, 3' });
      const { answered, pieces } = await council(record, { stop: [','] }, decided);
      expect(answered).toMatchObject({ value: { text: '1', finish: 'stop' } });
      expect(pieces).toEqual(['1']);
    }
  });

  test('that declines does so in the words of its members', async () => {
    const declined = member('alder', { status: 'abstained', answer: 'I cannot answer that.', key: null });
    const record = deliberation({ outcome: 'abstained', answer: null, key: null, members: [declined] });
    const { answered } = await council(record);
    expect(answered).toMatchObject({
      value: { text: 'I cannot answer that.', witan: { outcome: 'abstained' } },
    });
    const mute = deliberation({ outcome: 'abstained', answer: null, key: null, members: [] });
    expect((await council(mute)).answered).toMatchObject({ ok: true, value: { text: '' } });
  });

  test('of which all have failed is an error that names them', async () => {
    const lost = member('alder', { status: 'lost', error: 'worker-lost', key: null });
    const record = deliberation({ outcome: 'failed', answer: null, key: null, members: [lost] });
    expect((await council(record)).answered).toMatchObject({
      error: {
        status: 503,
        code: 'council_failed',
        message: expect.stringContaining('alder: worker-lost') as unknown,
      },
    });
    const stopped = deliberation({ outcome: 'stopped', answer: null, key: null });
    expect((await council(stopped)).answered).toMatchObject({ error: { status: 503, code: 'stopped' } });
  });

  test.each([
    [failure('prompt-too-long', { characters: 900, limit: 140 }), 400, 'context_length_exceeded'],
    [failure('prompt-empty'), 400, 'prompt_empty'],
    [failure('queue-full', { limit: 8 }), 429, 'queue_full'],
    [failure('council-unavailable', { cause: 'page-lost' }), 503, 'council_unavailable'],
    [failure('deadline-exceeded', { limitMs: 5 }), 504, 'deadline_exceeded'],
    [failure('storage-failed'), 500, 'storage_failed'],
  ])('a failure keeps its kind: %j', async (problem, status, code) => {
    const backend = new FakeBackend();
    backend.onAsk = () => Promise.resolve(err(problem));
    expect((await run(backend, COUNCIL)).answered).toMatchObject({ error: { status, code } });
  });
});

function speak(pieces: readonly string[], whole: string, finish: 'stop' | 'length' = 'stop'): FakeBackend {
  const backend = new FakeBackend();
  backend.onGenerate = (_signal, _question, onText) => {
    for (const piece of pieces) onText(piece);
    return Promise.resolve(ok({ generation: generation(whole, { finish }), leftOut: ['system'] }));
  };
  return backend;
}

describe('a member', () => {
  test('is heard piece by piece', async () => {
    const { answered, pieces } = await run(speak(['8', '5'], '85', 'length'), MEMBER);
    expect(pieces).toEqual(['8', '5']);
    expect(answered).toMatchObject({
      value: {
        text: '85',
        finish: 'length',
        usage: { prompt_tokens: 18, completion_tokens: 2, total_tokens: 20 },
        witan: { member: 'alder', ttft_ms: 20, left_out: ['system'] },
      },
    });
  });

  test('whose result overtakes its last pieces is heard to the end', async () => {
    const { answered, pieces } = await run(speak(['8'], '85'), MEMBER);
    expect(pieces).toEqual(['8', '5']);
    expect(answered).toMatchObject({ value: { text: '85' } });
  });

  test('is stopped at a stop sequence, and what it says after is not heard', async () => {
    const backend = new FakeBackend();
    let stopped = false;
    backend.onGenerate = async (signal, _question, onText) => {
      onText('1, 2');
      await aborted(signal);
      stopped = true;
      onText(', 3');
      return ok({ generation: generation('1, 2, 3', { finish: 'cancelled' }), leftOut: [] });
    };
    const { answered, pieces } = await run(backend, { ...MEMBER, stop: [','] });
    expect(stopped).toBe(true);
    expect(pieces).toEqual(['1']);
    expect(answered).toMatchObject({ ok: true, value: { text: '1', finish: 'stop' } });
  });

  test('whose end looked like a stop sequence is heard whole', async () => {
    const { answered } = await run(speak(['a E', 'N'], 'a EN'), { ...MEMBER, stop: ['END'] });
    expect(answered).toMatchObject({ value: { text: 'a EN', finish: 'stop' } });
  });

  test('that began anew and says something else is an error: what was streamed cannot be taken back', async () => {
    expect((await run(speak(['84'], '85'), MEMBER)).answered).toMatchObject({
      error: { status: 503, code: 'member_lost' },
    });
  });

  test('that was stopped by others is an error', async () => {
    const backend = new FakeBackend();
    backend.onGenerate = () =>
      Promise.resolve(ok({ generation: generation('8', { finish: 'cancelled' }), leftOut: [] }));
    expect((await run(backend, MEMBER)).answered).toMatchObject({ error: { status: 503, code: 'stopped' } });
  });
});
