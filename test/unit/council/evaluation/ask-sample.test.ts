import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import { NOTHING_SAID, type Generation, type GenerateRequest } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { askSample } from '../../../../src/council/evaluation/ask-sample.ts';
import { sampleSeed } from '../../../../src/council/member-request.ts';
import { ABSTAIN } from '../../../fakes/played-round.ts';
import { scriptedMembers } from '../../../fakes/scripted-engine.ts';
import { recordedBallot } from '../../../fakes/recorded-ballots.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const { question } = recordedBallot(4, [], { prompt: 'What is  2 × 2?' });
const SUM = { ...question, prompt: 'What is 2 + 2?' };
const said = (change: Partial<Generation>): Outcome<Generation> =>
  ok({ ...NOTHING_SAID, finish: 'stop', text: '4', completionTokens: 2, ...change });

/** A member that answers as told, and what it was asked. */
function memberThat(answers: (request: GenerateRequest) => Outcome<Generation>) {
  const [member] = scriptedMembers(new VirtualClock(), [{}]);
  if (member === undefined) throw new Error('a member');
  const requests: GenerateRequest[] = [];
  member.engine.generate = (_signal, request) => {
    requests.push(request);
    return Promise.resolve(answers(request));
  };
  return { member, requests };
}

const ask = (member: CouncilMember, change: object = {}) =>
  askSample(NEVER, member, {
    question: SUM,
    index: 0,
    seed: 7,
    temperature: 0.7,
    abstain: ABSTAIN,
    ...change,
  });

describe('how a member is asked', () => {
  it('greedily the first time, as in a round: shaped, with its prompt as typed, and with nothing kept from before', async () => {
    const { member, requests } = memberThat(() => said({}));
    await ask(member, { question });
    expect(requests).toMatchObject([
      { prompt: 'What is 2 x 2?', temperature: 0, logprobs: true, cachePrompt: false },
    ]);
    expect(requests[0]?.grammar).toContain('root ::=');
  });

  it('at the temperature after that, each time with a seed of its own', async () => {
    const { member, requests } = memberThat(() => said({}));
    for (const index of [1, 2]) await ask(member, { index });
    await ask(member, { index: 1 });
    const [first, second, again] = requests;
    expect(first?.temperature).toBe(0.7);
    expect(second?.seed).not.toBe(first?.seed);
    expect(again).toEqual(first);
  });

  it('with seeds that hang on record, question, member and answer, and on nothing else', () => {
    const seed = sampleSeed(1, 'q', 'alder', 1);
    expect(sampleSeed(1, 'q', 'alder', 1)).toBe(seed);
    const others = [
      sampleSeed(2, 'q', 'alder', 1),
      sampleSeed(1, 'r', 'alder', 1),
      sampleSeed(1, 'q', 'birch', 1),
      sampleSeed(1, 'q', 'alder', 2),
      // Parts that run together are not the same.
      sampleSeed(1, 'q"', 'alder', 1),
    ];
    expect(new Set([seed, ...others]).size).toBe(6);
  });

  it('once more without log-probabilities where an engine refuses them', async () => {
    const { member, requests } = memberThat(({ logprobs }) =>
      logprobs === true ? err(failure('request-unsupported')) : said({}),
    );
    expect(await ask(member)).toMatchObject({ value: { key: '4', confidence: null } });
    expect(requests).toHaveLength(2);
  });
});

describe('what becomes of the answer', () => {
  const heard = async (answer: Outcome<Generation>, change: object = {}) => {
    const asked = await ask(memberThat(() => answer).member, change);
    if (!asked.ok) throw new Error(asked.error.code);
    return asked.value;
  };

  it('has the confidence of its tokens: the geometric mean of their probabilities', async () => {
    const logprobs = [0.5, 0.125].map((p) => ({ token: 'x', logprob: Math.log(p) }));
    expect((await heard(said({ logprobs }))).confidence).toBeCloseTo(0.25, 12);
    expect((await heard(said({ logprobs: [{ token: 'x', logprob: -Infinity }] }))).confidence).toBe(0);
    // Rounding in the engine.
    expect((await heard(said({ logprobs: [{ token: 'x', logprob: 1e-9 }] }))).confidence).toBe(1);
    expect((await heard(said({ logprobs: [{ token: 'x', logprob: NaN }] }))).confidence).toBeNull();
    expect((await heard(said({ logprobs: [] }))).confidence).toBeNull();
  });

  it('abstains in the agreed words only', async () => {
    expect(await heard(said({ text: ABSTAIN }))).toMatchObject({ key: null, abstained: true });
    expect(await heard(said({ text: 'Dunno.' }))).toMatchObject({ key: null, abstained: false });
  });

  it('is no vote where it was cut off, unless it is free text', async () => {
    expect(await heard(said({ finish: 'length' }))).toMatchObject({ key: null, text: '4' });
    const free = { ...SUM, kind: 'free', prompt: 'Describe rain.' } as const;
    expect(await heard(said({ finish: 'length', text: 'Wet.' }), { question: free })).toMatchObject({
      key: 'wet',
    });
  });

  it('is compared without the name of the member where it is free text', async () => {
    const free = { ...SUM, kind: 'free', prompt: 'Who are you?' } as const;
    expect(await heard(said({ text: 'I am Member A.' }), { question: free })).toMatchObject({
      key: 'i am this member',
    });
  });

  it('is one without a key where the fault lies in the question', async () => {
    expect(await heard(err(failure('context-exceeded')))).toEqual({
      memberId: 'a',
      index: 0,
      key: null,
      text: '',
      tokens: 0,
      confidence: null,
      abstained: false,
      error: 'context-exceeded',
    });
  });

  it('is a failure where the fault lies in the member, also when it throws', async () => {
    const lost = memberThat(() => err(failure('worker-lost'))).member;
    expect(await ask(lost)).toMatchObject({ error: { code: 'worker-lost' } });
    const thrower = memberThat(() => {
      throw new Error('broken');
    }).member;
    expect(await ask(thrower)).toMatchObject({ error: { code: 'internal' } });
  });
});
