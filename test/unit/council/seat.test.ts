import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { MemberOutcomeSchema } from '#contracts/deliberation';
import { NOTHING_SAID, type Generation } from '#contracts/engine';
import { Seat } from '../../../src/council/seat.ts';
import { playedRecord } from '../../fakes/played-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const ANSWER: Generation = {
  text: '85',
  finish: 'stop',
  promptTokens: 23,
  completionTokens: 2,
  timeToFirstTokenMs: 12,
  prefillTokensPerSecond: 400,
  decodeTokensPerSecond: 50,
  durationMs: 30,
};

describe('what a seat tells of the prompt', () => {
  let clock: VirtualClock;
  let seat: Seat;
  beforeEach(() => {
    clock = new VirtualClock();
    seat = new Seat(present(scriptedMembers(clock, [{ says: '85' }])[0], 'a member'), clock);
    seat.start();
    clock.advance(30);
  });

  it('is how many tokens it had, where the engine tells', () => {
    seat.accept(ANSWER);
    seat.end('answered');
    const outcome = seat.outcome();
    expect(outcome).toMatchObject({
      promptTokens: 23,
      tokens: 2,
      ttftMs: 12,
      tokensPerSecond: 50,
      durationMs: 30,
    });
    expect(v.parse(MemberOutcomeSchema, outcome)).toEqual(outcome);
  });

  it('is nothing, not none, where the engine does not', () => {
    seat.accept({ ...ANSWER, promptTokens: 0 });
    seat.end('answered');
    const outcome = seat.outcome();
    expect(outcome).not.toHaveProperty('promptTokens');
    expect(v.parse(MemberOutcomeSchema, outcome)).toEqual(outcome);
  });

  it('is nothing of an answer that was stopped before it began, or that never came', () => {
    seat.take({ text: '8', tokens: 1, elapsedMs: 20 });
    seat.end('timeout');
    expect(seat.outcome()).not.toHaveProperty('promptTokens');
    seat.accept(NOTHING_SAID);
    expect(seat.outcome()).not.toHaveProperty('promptTokens');
  });
});

describe('the record of a round', () => {
  it('says of each member that answered how long its prompt was', async () => {
    const { members } = await playedRecord([
      { says: '85', atMs: 10 },
      { says: '85', atMs: 20 },
      { hangs: true },
    ]);
    const told = members.map(({ promptTokens }) => promptTokens);
    expect(told).toEqual(['What is 38 + 47?'.length, 'What is 38 + 47?'.length, undefined]);
  });
});
