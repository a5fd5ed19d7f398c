import { expect, it } from 'vitest';
import { ggufFile, number, numbers, text, TYPE, u32, type GgufField } from '../../../fakes/gguf-file.ts';
import { inspect, SMALL_FIELDS, withFields } from '../../../fakes/gguf-models.ts';

async function kvBytes(...fields: readonly GgufField[]): Promise<number | null> {
  const outcome = await inspect(ggufFile(withFields(...fields)));
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value.summary.kvBytesPerToken;
}

/** Entries of a published model, from its configuration. */
function published(
  architecture: string,
  figures: Readonly<Record<string, number>>,
  ...more: readonly GgufField[]
): readonly GgufField[] {
  return [
    text('general.architecture', architecture),
    ...Object.entries(figures).map(([key, value]) => u32(`${architecture}.${key}`, value)),
    ...more,
  ];
}

it('is layers × heads of keys and values × their dimensions × 2 bytes, as llama.cpp reports it', async () => {
  // Llama 3.1 8B: 128 KiB a token (32 layers × 8 × 256 × 2).
  const llama = { block_count: 32, embedding_length: 4096, 'attention.head_count': 32 };
  expect(await kvBytes(...published('llama', { ...llama, 'attention.head_count_kv': 8 }))).toBe(131_072);
  // Qwen 3 0.6B: heads of 128 numbers although 1024 / 16 is 64.
  const qwen = {
    block_count: 28,
    embedding_length: 1024,
    'attention.head_count': 16,
    'attention.head_count_kv': 8,
    'attention.key_length': 128,
    'attention.value_length': 128,
  };
  expect(await kvBytes(...published('qwen3', qwen))).toBe(114_688);
});

it('takes as many heads for keys and values as there are, where nothing is said of them', async () => {
  const gpt2 = { block_count: 12, embedding_length: 768, 'attention.head_count': 12 };
  expect(await kvBytes(...published('gpt2', gpt2))).toBe(12 * 12 * 128 * 2);
});

it('sums heads that differ by layer; a recurrent layer has none', async () => {
  const hybrid = { block_count: 4, embedding_length: 64, 'attention.head_count': 4, 'ssm.state_size': 16 };
  const heads = numbers('lfm2.attention.head_count_kv', TYPE.i32, [0, 2, 0, 1]);
  expect(await kvBytes(...published('lfm2', hybrid, heads))).toBe(3 * 32 * 2);
  expect(await kvBytes(...published('mamba', { block_count: 4, 'attention.head_count': 0 }))).toBe(0);
});

it('counts only the layers with full attention where the file says every how many', async () => {
  const interval = {
    block_count: 48,
    embedding_length: 2048,
    'attention.head_count': 16,
    'attention.head_count_kv': 2,
    'attention.key_length': 256,
    'attention.value_length': 256,
    'ssm.state_size': 128,
    full_attention_interval: 4,
  };
  expect(await kvBytes(...published('qwen3next', interval))).toBe(12 * 2 * 512 * 2);
});

it('takes heads of another size in layers with a window, and leaves out layers that share a cache', async () => {
  const gemma = {
    block_count: 4,
    embedding_length: 64,
    'attention.head_count': 4,
    'attention.head_count_kv': 1,
    'attention.key_length': 32,
    'attention.value_length': 32,
    'attention.key_length_swa': 16,
    'attention.value_length_swa': 16,
  };
  const pattern = numbers('gemma4.attention.sliding_window_pattern', TYPE.bool, [1, 0, 1, 0]);
  expect(await kvBytes(...published('gemma4', gemma, pattern))).toBe((32 + 64 + 32 + 64) * 2);
  const shared = { ...gemma, 'attention.shared_kv_layers': 2 };
  expect(await kvBytes(...published('gemma4', shared, pattern))).toBe((32 + 64) * 2);
  // Without the pattern nobody can tell which layers are meant.
  expect(await kvBytes(...published('gemma4', gemma))).toBeNull();
});

it('says nothing where it is not known', async () => {
  const mla = { block_count: 4, 'attention.head_count': 4, 'attention.kv_lora_rank': 512 };
  expect(await kvBytes(...published('deepseek2', mla))).toBeNull();
  const mixed = { block_count: 4, embedding_length: 64, 'attention.head_count': 4, 'ssm.state_size': 16 };
  expect(await kvBytes(...published('mixed', mixed))).toBeNull();
  const odd = { block_count: 4, embedding_length: 65, 'attention.head_count': 4 };
  expect(await kvBytes(...published('odd', odd))).toBeNull();
  const decoder = { block_count: 4, embedding_length: 64, 'attention.head_count': 4, decoder_block_count: 4 };
  expect(await kvBytes(...published('t5', decoder))).toBeNull();
  const most = 2 ** 31 - 1;
  const immense = {
    block_count: 512,
    'attention.head_count': most,
    'attention.key_length': most,
    'attention.value_length': most,
  };
  expect(await kvBytes(...published('immense', immense))).toBeNull();
});

it('does not mistake a window for a bound of the sum', async () => {
  const window = number('llama.attention.sliding_window', TYPE.u32, 512);
  const outcome = await inspect(ggufFile({ ...withFields(window), fields: [...SMALL_FIELDS, window] }));
  expect(outcome.ok && outcome.value.summary).toMatchObject({
    kvBytesPerToken: 256,
    shape: { slidingWindowTokens: 512 },
  });
});
