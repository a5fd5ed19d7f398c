import { crc32 } from '#kernel/crc32';
import type { CouncilMember } from '#contracts/council';
import type { ChatTurn, GenerateRequest } from '#contracts/engine';
import type { AnswerShape } from './answer-shape.ts';

export interface Asking {
  readonly prompt: string;
  readonly shape: AnswerShape;
  /** The exact sentence with which members decline. */
  readonly abstain: string;
  readonly seed: number;
  /** Earlier turns that this member is shown. */
  readonly history?: readonly ChatTurn[];
}

/**
 * Of every answer but the first. Usual for self-consistency, whose gain hangs little on it (Wang et al., arXiv 2203.11171); for
 * the bundled members it is not tuned.
 */
export const SAMPLE_TEMPERATURE = 0.7;

/** Of this question, member and answer alone: whatever was asked before, and in whatever order, it is the same. */
export function sampleSeed(seed: number, questionId: string, memberId: string, index: number): number {
  return crc32(new TextEncoder().encode(JSON.stringify([seed, questionId, memberId, index])));
}

/** The question as this member is asked it: greedily, held to the shape of the answer, with its own instruction. */
export function memberRequest(
  { manner }: Pick<CouncilMember, 'manner'>,
  { prompt, shape, abstain, seed, history = [] }: Asking,
): GenerateRequest {
  const free = shape.kind === 'free';
  const system = manner?.system?.(!free, abstain);
  return {
    prompt,
    maxTokens: free ? (manner?.freeAnswerTokens ?? shape.maxTokens) : shape.maxTokens,
    temperature: 0,
    seed,
    ...(system === undefined ? {} : { system }),
    ...(history.length === 0 ? {} : { history }),
    ...(shape.grammar === undefined ? {} : { grammar: shape.grammar }),
  };
}

/** Its answer number `index`: the first as above, the others drawn. */
export function sampleRequest(
  member: Pick<CouncilMember, 'id' | 'manner'>,
  asking: Asking,
  index: number,
): GenerateRequest {
  const request = memberRequest(member, asking);
  if (index === 0) return request;
  const seed = sampleSeed(asking.seed, asking.prompt, member.id, index);
  return { ...request, temperature: SAMPLE_TEMPERATURE, seed };
}
