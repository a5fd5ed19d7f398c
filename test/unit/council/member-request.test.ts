import { expect, it } from 'vitest';
import type { MemberManner } from '#contracts/council';
import { answerShape } from '../../../src/council/answer-shape.ts';
import { memberRequest } from '../../../src/council/member-request.ts';

const ABSTAIN = 'I cannot answer that.';
const MANNER: MemberManner = {
  system: (shortAnswer, abstain) => `${shortAnswer ? 'short' : 'free'}: ${abstain}`,
  freeAnswerTokens: 512,
  promptLimit: 3000,
  softDeadlineMs: 1,
  hardDeadlineMs: 2,
};

const asking = (prompt: string) => ({
  prompt,
  shape: answerShape(prompt, ABSTAIN),
  abstain: ABSTAIN,
  seed: 7,
});

it('puts the bare question to a member without a manner', () => {
  const request = memberRequest({}, asking('Why is the sky blue?'));
  expect(request).toEqual({ prompt: 'Why is the sky blue?', maxTokens: 112, temperature: 0, seed: 7 });
});

it('gives a general model its instruction, and room for an explanation', () => {
  const request = memberRequest({ manner: MANNER }, asking('Why is the sky blue?'));
  expect(request).toMatchObject({ system: `free: ${ABSTAIN}`, maxTokens: 512 });
  expect(request.grammar).toBeUndefined();
});

it('holds every member to the shape of a short answer, with the same room', () => {
  const asked = asking('What is 38 + 47?');
  const request = memberRequest({ manner: MANNER }, asked);
  expect(request).toMatchObject({ system: `short: ${ABSTAIN}`, maxTokens: asked.shape.maxTokens });
  expect(request.grammar).toBe(asked.shape.grammar);
  expect(memberRequest({ manner: { ...MANNER, system: null } }, asked)).not.toHaveProperty('system');
});
