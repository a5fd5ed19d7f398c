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

/** How general models are asked. @param contextTokens of the model as it was chosen */
export function instructManner(contextTokens: number): MemberManner {
  return {
    system: instruction,
    freeAnswerTokens: FREE_ANSWER_TOKENS,
    // One token a character is the worst case of every tokenizer here; most make one of three or four.
    promptLimit: contextTokens - FREE_ANSWER_TOKENS - INSTRUCTION_TOKENS,
    softDeadlineMs: 30_000,
    hardDeadlineMs: 120_000,
  };
}
