import type { CouncilMember } from '#contracts/council';
import type { GenerateRequest } from '#contracts/engine';
import type { AnswerShape } from './answer-shape.ts';

export interface Asking {
  readonly prompt: string;
  readonly shape: AnswerShape;
  /** The exact sentence with which members decline. */
  readonly abstain: string;
  readonly seed: number;
}

/** The question as this member is asked it: greedily, held to the shape of the answer, with its own instruction. */
export function memberRequest(
  { manner }: Pick<CouncilMember, 'manner'>,
  { prompt, shape, abstain, seed }: Asking,
): GenerateRequest {
  const free = shape.kind === 'free';
  const system = manner?.system?.(!free, abstain);
  return {
    prompt,
    maxTokens: free ? (manner?.freeAnswerTokens ?? shape.maxTokens) : shape.maxTokens,
    temperature: 0,
    seed,
    ...(system === undefined ? {} : { system }),
    ...(shape.grammar === undefined ? {} : { grammar: shape.grammar }),
  };
}
