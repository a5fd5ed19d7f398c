import { crc32 } from '#kernel/crc32';
import { ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import type { Generation, GenerateRequest } from '#contracts/engine';
import { failureOf, type ErrorCode, type Outcome } from '#contracts/errors';
import type { RecordedQuestion, RecordedSample } from '#contracts/calibration';
import { answerShape, type AnswerShape } from '../answer-shape.ts';
import { canonicalKey, isAbstention, withoutOwnName } from '../canonical-key.ts';
import { memberRequest } from '../member-request.ts';
import { asTyped } from '../typed-text.ts';

/**
 * Of every answer but the first. Usual for self-consistency, whose gain hangs little on it (Wang et al., arXiv 2203.11171); for
 * the bundled members it is not tuned.
 */
export const SAMPLE_TEMPERATURE = 0.7;

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

/** Of this question, member and answer alone: whatever was asked before, and in whatever order, it is the same. */
export function sampleSeed(seed: number, questionId: string, memberId: string, index: number): number {
  return crc32(new TextEncoder().encode(JSON.stringify([seed, questionId, memberId, index])));
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

/** Geometric mean of the tokens' probabilities: CISC's "response probability" (arXiv 2502.06233). */
function confidenceOf({ logprobs = [] }: Generation): number | null {
  const total = logprobs.reduce((sum, { logprob }) => sum + logprob, 0);
  if (logprobs.length === 0 || Number.isNaN(total)) return null;
  return Math.min(1, Math.exp(total / logprobs.length));
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
    key: abstained || cut ? null : canonicalKey(question.kind, said),
    text,
    tokens: completionTokens,
    confidence: confidenceOf(answer.value),
    abstained,
  });
}
