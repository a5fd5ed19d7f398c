import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import { NOTHING_SAID, type Generation, type GenerateRequest } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { RecordedBallot } from '#contracts/calibration';
import { Recorder } from '../../../../src/council/evaluation/recorder.ts';
import { ABSTAIN } from '../../../fakes/played-round.ts';
import { scriptedMembers } from '../../../fakes/scripted-engine.ts';
import { recordedBallot } from '../../../fakes/recorded-ballots.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

const said = (text: string): Outcome<Generation> =>
  ok({ ...NOTHING_SAID, finish: 'stop', text, completionTokens: 3 });

type Answer = (request: GenerateRequest, call: number) => Outcome<Generation> | Promise<Outcome<Generation>>;

/** A recording of members that answer as they are told to. */
function recording(questions: number, samples: readonly number[], ...answers: readonly Answer[]) {
  const clock = new VirtualClock();
  const running = answers.map(() => 0);
  const most = answers.map(() => 0);
  const calls = answers.map(() => 0);
  const members: readonly CouncilMember[] = scriptedMembers(
    clock,
    answers.map(() => ({})),
  ).map((member, seat) => {
    member.engine.generate = async (_signal, request) => {
      running[seat] = (running[seat] ?? 0) + 1;
      most[seat] = Math.max(most[seat] ?? 0, running[seat]);
      calls[seat] = (calls[seat] ?? 0) + 1;
      const answer = await answers[seat]?.(request, calls[seat]);
      running[seat] -= 1;
      return answer ?? err(failure('internal'));
    };
    return member;
  });
  const kept: RecordedBallot[] = [];
  const progress: number[] = [];
  const recorder = new Recorder(
    {
      members,
      questions: Array.from(
        { length: questions },
        (_, n) =>
          recordedBallot(n, [], { id: `q${String(n)}`, prompt: `What is ${String(n)} + 0?` }).question,
      ),
      samplesOf: (id) => samples[members.findIndex((member) => member.id === id)] ?? 0,
      abstain: ABSTAIN,
      seed: 1,
      temperature: 0.7,
    },
    {
      clock,
      keep: async (ballot) => {
        await turn();
        kept.push(ballot);
      },
      onProgress: (done) => progress.push(done),
    },
  );
  return { recorder, kept, progress, most, calls, clock };
}

describe('a recording', () => {
  it('asks each member as often as it is to be asked, one answer at a time, and keeps ballots in order', async () => {
    const { recorder, kept, progress, most, calls } = recording(
      20,
      [1, 3],
      () => said('1'),
      async () => {
        await turn();
        return said('2');
      },
    );
    expect(await recorder.run(NEVER)).toEqual({ ok: true, value: null });
    expect(kept.map(({ question }) => question.id)).toEqual(
      Array.from({ length: 20 }, (_, n) => `q${String(n)}`),
    );
    expect(kept[0]?.samples.map(({ memberId, index, key }) => [memberId, index, key])).toEqual([
      ['a', 0, '1'],
      ['b', 0, '2'],
      ['b', 1, '2'],
      ['b', 2, '2'],
    ]);
    expect(progress).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(most).toEqual([1, 1]);
    expect(calls).toEqual([20, 60]);
  });

  it('says when each answer came, counted from the first question to the member', async () => {
    const { recorder, kept } = (() => {
      const made = recording(2, [2], async () => {
        made.clock.advance(30);
        await turn();
        return said('1');
      });
      return made;
    })();
    await recorder.run(NEVER);
    expect(
      kept.map(({ samples }) => samples.map(({ arrival, durationMs }) => [arrival, durationMs])),
    ).toEqual([
      [
        [30, 30],
        [60, 30],
      ],
      [
        [30, 30],
        [60, 30],
      ],
    ]);
  });

  it('lets no member run far ahead of another', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { recorder, calls, kept } = recording(
      50,
      [1, 1],
      () => said('1'),
      async () => {
        await held;
        return said('1');
      },
    );
    const running = recorder.run(NEVER);
    for (let step = 0; step < 200; step += 1) await turn();
    expect(calls[0]).toBe(8);
    release();
    await running;
    expect(kept).toHaveLength(50);
  });

  it('ends with what is kept when it is stopped, and keeps nothing half answered', async () => {
    const stop = new AbortController();
    const { recorder, kept, calls } = recording(
      50,
      [1, 2],
      () => said('1'),
      (_request, call) => {
        if (call === 10) stop.abort();
        return said('1');
      },
    );
    expect(await recorder.run(stop.signal)).toMatchObject({ error: { code: 'cancelled' } });
    // The tenth call is the second answer to the fifth question, which was under way.
    expect(kept).toHaveLength(4);
    expect(kept.every(({ samples }) => samples.length === 3)).toBe(true);
    expect(calls[1]).toBe(10);
  });

  it('ends when a member fails, with its failure, and does not wait for who is ahead', async () => {
    const { recorder, kept } = recording(
      50,
      [1, 1],
      () => said('1'),
      (_request, call) => (call === 4 ? err(failure('worker-lost', { member: 'b' })) : said('1')),
    );
    expect(await recorder.run(NEVER)).toEqual(err(failure('worker-lost', { member: 'b' })));
    expect(kept).toHaveLength(3);
  });

  it('asks nobody when it is stopped before it begins, and nothing when there are no questions', async () => {
    const stopped = recording(3, [1], () => said('1'));
    expect(await stopped.recorder.run(AbortSignal.abort())).toMatchObject({ error: { code: 'cancelled' } });
    expect(stopped.calls).toEqual([0]);
    expect(await recording(0, [1], () => said('1')).recorder.run(NEVER)).toEqual({ ok: true, value: null });
  });
});
