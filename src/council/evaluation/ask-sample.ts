import { ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import type { Generation, GenerateRequest } from '#contracts/engine';
import { failureOf, type ErrorCode, type Outcome } from '#contracts/errors';
import type { RecordedQuestion, RecordedSample } from '#contracts/calibration';
import { answerShape, type AnswerShape } from '../answer-shape.ts';
import { canonicalKey, isAbstention, withoutOwnName } from '../canonical-key.ts';
import { memberRequest, sampleSeed } from '../member-request.ts';
import { confidenceOf } from '../vote-confidence.ts';
import { asTyped } from '../typed-text.ts';

/** What lies in the question: the member answers the next one all the same. */
const OF_THE_QUESTION: ReadonlySet<ErrorCode> = new Set(['context-exceeded', 'request-unsupported']);

export interface SampleRequest {
  readonly question: RecordedQuestion;
  /** 0: greedy. */
  readonly index: number;
  /** Of the whole record. */
  readonly seed: number;
  readonly temperature: number;
  /** The exact sentence with which members decline. */
  readonly abstain: string;
}

/** As a round would put it, save that a repeated answer is drawn, and that nothing of the last answer is used again. */
function requestOf(member: CouncilMember, asked: SampleRequest, shape: AnswerShape): GenerateRequest {
  const { question, index, seed, temperature, abstain } = asked;
  const prompt = asTyped(question.prompt).replace(/\s+/g, ' ').trim();
  return {
    ...memberRequest(member, {
      prompt,
      shape,
      abstain,
      seed: sampleSeed(seed, question.id, member.id, index),
    }),
    ...(index === 0 ? {} : { temperature }),
    // A cache that is warm in one run and cold in another rounds differently.
    cachePrompt: false,
  };
}

async function generated(
  signal: AbortSignal,
  { engine }: CouncilMember,
  request: GenerateRequest,
): Promise<Outcome<Generation>> {
  const ask = (asked: GenerateRequest): Promise<Outcome<Generation>> =>
    engine.generate(signal, asked, () => undefined);
  try {
    const answer = await ask({ ...request, logprobs: true });
    // Some engines refuse log-probabilities; the answer is worth having without.
    return !answer.ok && answer.error.code === 'request-unsupported' ? await ask(request) : answer;
  } catch (thrown) {
    return { ok: false, error: failureOf(thrown) };
  }
}

/**
 * One answer, to its end. The kind is read from the question's words, as in a round, and the key from the set's kind.
 * Errors: those of `Engine.generate`, except what lies in the question: that is an answer without a key.
 */
export async function askSample(
  signal: AbortSignal,
  member: CouncilMember,
  asked: SampleRequest,
): Promise<Outcome<Omit<RecordedSample, 'arrival' | 'durationMs'>>> {
  const { question, index, abstain } = asked;
  const shape = answerShape(question.prompt, abstain);
  const answer = await generated(signal, member, requestOf(member, asked, shape));
  const whose = { memberId: member.id, index };
  if (!answer.ok) {
    const { code } = answer.error;
    if (!OF_THE_QUESTION.has(code)) return answer;
    return ok({ ...whose, key: null, text: '', tokens: 0, confidence: null, abstained: false, error: code });
  }
  const { text, completionTokens, finish } = answer.value;
  const abstained = isAbstention(text, abstain);
  // A short answer that ran into the token limit is cut off: "1, 2, 3" may be the head of a longer list.
  const cut = finish === 'length' && shape.kind !== 'free';
  const said = question.kind === 'free' ? withoutOwnName(text, member.name) : text;
  return ok({
    ...whose,
    key: abstained || cut ? null : canonicalKey(question.kind, said, shape.context),
    text,
    tokens: completionTokens,
    confidence: confidenceOf(answer.value),
    abstained,
  });
}
