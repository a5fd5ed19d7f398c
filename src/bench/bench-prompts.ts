import type { Random } from '#kernel/random';
import type { BenchTestName } from '#contracts/bench';
import type { GenerateRequest } from '#contracts/engine';

/** Characters of the prefill prompt: the starter models read one token per character. */
export const PREFILL_CHARACTERS = 128;
export const DECODE_TOKENS = 64;

/** The same 24 characters every time: a first token is compared between devices, so its prompt is fixed. */
export const FIRST_TOKEN_PROMPT = 'What is 38 + 47? Answer.';
const DECODE_PROMPT = 'Hello, who are you?';
/** A token may hold no visible text (part of a character); one of the first few does. */
const FIRST_TOKENS = 4;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const SHORTEST_WORD = 2;
const LONGEST_WORD = 9;

/** Words of random letters, exactly `length` characters, none of them a space at either end. */
export function randomText(random: Random, length: number): string {
  const letter = (): string => LETTERS.charAt(Math.floor(random() * LETTERS.length));
  let text = '';
  let wordLeft = 0;
  while (text.length < length) {
    if (wordLeft === 0) {
      wordLeft = SHORTEST_WORD + Math.floor(random() * (LONGEST_WORD - SHORTEST_WORD + 1));
      if (text !== '' && text.length < length - 1) text += ' ';
    }
    text += letter();
    wordLeft -= 1;
  }
  return text;
}

/**
 * The request of one repetition. Nothing may be answered from a cache: the prompt cache is off, and the prefill prompt
 * is new every time.
 */
export function benchRequest(test: BenchTestName, random: Random): GenerateRequest {
  const fixed = { temperature: 0, seed: 1, cachePrompt: false, ignoreEos: true };
  switch (test) {
    case 'pp128':
      return { ...fixed, prompt: randomText(random, PREFILL_CHARACTERS), maxTokens: 1 };
    case 'tg64':
      return { ...fixed, prompt: DECODE_PROMPT, maxTokens: DECODE_TOKENS };
    case 'ttft':
      return { ...fixed, prompt: FIRST_TOKEN_PROMPT, maxTokens: FIRST_TOKENS };
  }
}
