import type { Metadata } from './metadata.ts';
import { refused } from './refusal.ts';
import { VALUE } from './value-types.ts';

const TOKENS = 'tokenizer.ggml.tokens';

/** Lists with an item for each token. The native reader takes their length and type on trust. */
const BESIDE_TOKENS: readonly (readonly [string, readonly number[]])[] = [
  ['tokenizer.ggml.scores', [VALUE.f32]],
  ['tokenizer.ggml.token_type', [VALUE.i32, VALUE.u32]],
];

function listOf(metadata: Metadata, key: string, types: readonly number[]): number | null {
  const entry = metadata.get(key);
  if (entry === undefined) return null;
  if (entry.kind !== 'list' || !types.includes(entry.itemType)) throw refused('key-type', { key });
  return entry.items;
}

/**
 * Number of tokens; null where the file has none.
 * @throws WitanError model-invalid (key-type, vocabulary-mismatch)
 */
export function vocabularyOf(metadata: Metadata): number | null {
  const tokens = listOf(metadata, TOKENS, [VALUE.text]);
  listOf(metadata, 'tokenizer.ggml.merges', [VALUE.text]);
  for (const [key, types] of BESIDE_TOKENS) {
    const items = listOf(metadata, key, types);
    if (items !== null && items !== (tokens ?? 0))
      throw refused('vocabulary-mismatch', { key, items, tokens: tokens ?? 0 });
  }
  return tokens;
}
