import type { MemberManner } from '#contracts/council';

/** A page of text: enough for an explanation, little enough to wait for on a slow device. */
const FREE_ANSWER_TOKENS = 512;
/** The instruction below and what the chat template adds, with room to spare. */
const INSTRUCTION_TOKENS = 200;

function instruction(shortAnswer: boolean, abstain: string): string {
  const wanted = shortAnswer
    ? 'Answer with the result alone: no explanation, no unit, no full stop.'
    : 'Answer plainly and briefly, in at most three sentences unless more is asked for.';
  return `${wanted} If you do not know the answer, write exactly: ${abstain}`;
}

/**
 * How general models are asked. In a small context the question and the answer share evenly what the instruction leaves.
 * @param contextTokens of the model as it was chosen
 */
export function instructManner(contextTokens: number): MemberManner {
  const left = Math.max(2, contextTokens - INSTRUCTION_TOKENS);
  const freeAnswerTokens = Math.min(FREE_ANSWER_TOKENS, Math.floor(left / 2));
  return {
    system: instruction,
    freeAnswerTokens,
    // One token a character is the worst case of every tokenizer here; most make one of three or four.
    promptLimit: left - freeAnswerTokens,
    softDeadlineMs: 30_000,
    hardDeadlineMs: 120_000,
  };
}
