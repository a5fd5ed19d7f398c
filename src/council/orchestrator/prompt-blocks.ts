import type { GenerateRequest } from '#contracts/engine';

/** Characters of a block: about 16 tokens, the block by which serving engines share prompt caches (vLLM's default). */
const BLOCK_CHARACTERS = 64;
export const BLOCK_TOKENS = 16;
/** English in the vocabularies of today's models; it is for weighing requests against each other. */
const CHARACTERS_PER_TOKEN = 4;

function partsOf({ system, history, prompt }: GenerateRequest): readonly string[] {
  return [system ?? '', ...(history ?? []).map(({ role, content }) => `${role}:${content}`), prompt];
}

/** Tokens of instruction, history and question, roughly. */
export function promptTokens(request: GenerateRequest): number {
  const characters = partsOf(request).reduce((sum, part) => sum + part.length, 0);
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/**
 * A hash for each whole block of the prompt, over everything from the beginning to the end of that block (FNV-1a, 32 bit):
 * prompts that begin alike have their first hashes in common, as they have the cache. Two that collide by accident cost
 * time, never a wrong answer.
 */
export function promptBlocks(request: GenerateRequest): readonly number[] {
  const text = partsOf(request).join('\u0000');
  const hashes: number[] = [];
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
    if ((at + 1) % BLOCK_CHARACTERS === 0) hashes.push(hash);
  }
  return hashes;
}
