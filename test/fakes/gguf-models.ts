import type { InspectedGguf } from '../../src/storage/gguf/inspect.ts';
import { inspectGguf } from '../../src/storage/gguf/inspect.ts';
import type { ByteSource } from '../../src/storage/gguf/header-window.ts';
import type { Outcome } from '../../src/contracts/errors.ts';
import {
  number,
  numbers,
  TENSOR,
  text,
  texts,
  TYPE,
  u32,
  type GgufField,
  type GgufFileSpec,
  type GgufTensor,
} from './gguf-file.ts';

/** A file in memory as the parser reads it. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

export const inspect = (bytes: Uint8Array): Promise<Outcome<InspectedGguf>> =>
  inspectGguf(new AbortController().signal, sourceOf(bytes));

/** What the parser says of the bytes: `accepted`, the reason of a refusal, or the code of another failure. */
export async function verdict(bytes: Uint8Array): Promise<string> {
  const outcome = await inspect(bytes);
  if (outcome.ok) return 'accepted';
  const { code, details } = outcome.error;
  return code === 'model-invalid' ? String(details['reason']) : code;
}

export const tensor = (
  name: string,
  shape: GgufTensor['shape'],
  type: number,
  sizeBytes: number,
): GgufTensor => ({ name, shape, type, sizeBytes });

/** The entries of a small model: 2 layers, 4 heads of 16, half as many for keys and values, 3 tokens. */
export const SMALL_FIELDS: readonly GgufField[] = [
  text('general.architecture', 'llama'),
  text('general.type', 'model'),
  text('general.name', 'Small'),
  text('general.license', 'mit'),
  texts('general.languages', ['en', 'de']),
  u32('general.file_type', 7),
  u32('general.alignment', 32),
  u32('llama.context_length', 128),
  u32('llama.embedding_length', 64),
  u32('llama.block_count', 2),
  u32('llama.attention.head_count', 4),
  u32('llama.attention.head_count_kv', 2),
  number('llama.attention.layer_norm_rms_epsilon', TYPE.f32, 1e-5),
  number('llama.rope.freq_base', TYPE.f64, 10_000),
  text('tokenizer.ggml.model', 'gpt2'),
  text('tokenizer.ggml.pre', 'qwen2'),
  texts('tokenizer.ggml.tokens', ['a', 'b', 'ab']),
  numbers('tokenizer.ggml.scores', TYPE.f32, [0, -1, -2]),
  numbers('tokenizer.ggml.token_type', TYPE.i32, [1, 1, 1]),
  texts('tokenizer.ggml.merges', ['a b']),
  number('tokenizer.ggml.add_bos_token', TYPE.bool, 0),
  text('tokenizer.chat_template', '{{ messages }}'),
];

export const SMALL_TENSORS: readonly GgufTensor[] = [
  tensor('token_embd.weight', [64, 3], TENSOR.f32, 768),
  tensor('blk.0.attn_q.weight', [64, 64], TENSOR.q8_0, 4352),
  tensor('output_norm.weight', [9], TENSOR.f32, 36),
];

export const SMALL: GgufFileSpec = { fields: SMALL_FIELDS, tensors: SMALL_TENSORS };

/** The small model with some entries replaced, or added where they are new. */
export function withFields(...fields: readonly GgufField[]): GgufFileSpec {
  const replaced = SMALL_FIELDS.map((field) => fields.find(({ key }) => key === field.key) ?? field);
  const added = fields.filter(({ key }) => !SMALL_FIELDS.some((field) => field.key === key));
  return { ...SMALL, fields: [...replaced, ...added] };
}

export const withoutFields = (...keys: readonly string[]): GgufFileSpec => ({
  ...SMALL,
  fields: SMALL_FIELDS.filter(({ key }) => !keys.includes(key)),
});

/** A vocabulary as byte-level models have it: different words of two to ten bytes. */
export const words = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `Ġ${(index * 2_654_435_761).toString(36)}`);

/** A header as of a model with that many tokens: scores, types, and twice as many merges; small tensors. */
export function vocabularySpec(tokens: number): GgufFileSpec {
  const vocabulary = words(tokens);
  return withFields(
    texts('tokenizer.ggml.tokens', vocabulary),
    numbers('tokenizer.ggml.scores', TYPE.f32, new Array<number>(tokens).fill(-1)),
    numbers('tokenizer.ggml.token_type', TYPE.i32, new Array<number>(tokens).fill(1)),
    texts(
      'tokenizer.ggml.merges',
      [...vocabulary, ...vocabulary].map((word) => `${word} e`),
    ),
  );
}
