/** A parameter as a compiled library lists it. */
export interface LibraryParameter {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dtype: string;
}

/** A model of two layers as MLC quantizes it to four bits: words, scales, norms and an offset. */
export const LIBRARY_PARAMETERS: readonly LibraryParameter[] = [
  { name: 'model.embed_tokens.q_weight', shape: [600, 8], dtype: 'uint32' },
  { name: 'model.embed_tokens.q_scale', shape: [600, 2], dtype: 'float16' },
  ...[0, 1].flatMap((layer) => [
    { name: `model.layers.${layer}.self_attn.c_attn.q_weight`, shape: [192, 8], dtype: 'uint32' },
    { name: `model.layers.${layer}.self_attn.c_attn.q_scale`, shape: [192, 2], dtype: 'float16' },
    { name: `model.layers.${layer}.self_attn.c_attn.bias`, shape: [192], dtype: 'float16' },
    { name: `model.layers.${layer}.input_layernorm.weight`, shape: [64], dtype: 'float16' },
  ]),
  { name: 'model.norm.weight', shape: [64], dtype: 'float16' },
];

/** The description that a library has in its data. */
export function libraryDocument(
  params: readonly LibraryParameter[] = LIBRARY_PARAMETERS,
  change: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    model_type: 'qwen2',
    quantization: 'q4f16_1',
    context_window_size: 4096,
    sliding_window_size: -1,
    prefill_chunk_size: 1024,
    tensor_parallel_shards: 1,
    params: params.map((parameter) => ({ ...parameter, preprocs: [] })),
    kv_cache: { num_hidden_layers: 2 },
    memory_usage: { decode: 646_656 },
    ...change,
  });
}

/** The bytes of a library: nothing of it but its beginning is WebAssembly. @param document in its data */
export function libraryBytes(
  document: string,
  around = '\u0001{"model_type" is written here',
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`\0asm\u0001\0\0\0${around}${document}}"\u0000more data}`);
}
