import { md5 } from 'hash-wasm';
import * as v from 'valibot';
import { seededRandom } from '#kernel/random';

/** What a compiled model library says of itself: a JSON document among its data that begins with `model_type`. */
const LibrarySchema = v.object({
  model_type: v.string(),
  quantization: v.string(),
  context_window_size: v.number(),
  prefill_chunk_size: v.number(),
  params: v.array(
    v.object({
      name: v.string(),
      /** A dimension may be left open, by name. */
      shape: v.array(v.union([v.number(), v.string()])),
      dtype: v.picklist(['float16', 'float32', 'uint32']),
    }),
  ),
});
type Library = v.InferOutput<typeof LibrarySchema>;

/** Where the library leaves the vocabulary open; enough for all bytes and some words. */
const SMALL_VOCABULARY = 2048;
const SHARD_BYTES = 32 * 2 ** 20;
const END_TOKEN = '<|end|>';

/** @throws Error when the bytes are no model library */
export function readLibrary(wasm: Uint8Array): Library {
  const text = new TextDecoder('latin1').decode(wasm);
  const start = text.indexOf('{"model_type"');
  if (start < 0) throw new Error('these bytes are no model library');
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') depth -= 1;
    if (depth === 0) return v.parse(LibrarySchema, JSON.parse(text.slice(start, at + 1)));
  }
  throw new Error('the description in the library has no end');
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Library['params'][number]['dtype'];
  readonly nbytes: number;
}

function tensorsOf(library: Library): readonly Tensor[] {
  return library.params.map(({ name, shape, dtype }) => {
    const known = shape.map((size) => (typeof size === 'number' ? size : SMALL_VOCABULARY));
    const bytes = dtype === 'float16' ? 2 : 4;
    return { name, shape: known, dtype, nbytes: known.reduce((product, size) => product * size, bytes) };
  });
}

/** Rows of the embedding: the vocabulary of the model. */
function vocabularyOf(tensors: readonly Tensor[]): number {
  return Math.max(
    ...tensors.filter(({ name }) => /embed_tokens|wte/.test(name)).map(({ shape }) => shape[0] ?? 0),
  );
}

/** Bits of a 16-bit float between 2^-7 and 2^-4, either sign. */
const smallHalf = (random: number): number => {
  const bits = Math.floor(random * 2 ** 16);
  return (bits & 0x83ff) | ((8 + ((bits >> 10) % 3)) << 10);
};

/** Random weights that keep activations in range; norms are 1, offsets 0. Speed does not depend on them. */
function fill(tensor: Tensor, into: Uint8Array<ArrayBuffer>, random: () => number): void {
  const isNorm = /(norm|ln_\w+)\.weight$/.test(tensor.name);
  const constant = isNorm ? 1 : /\.bias$/.test(tensor.name) ? 0 : null;
  const { buffer, byteOffset, byteLength } = into;
  if (tensor.dtype === 'uint32') {
    const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    for (let at = 0; at < words.length; at += 1) words[at] = random() * 2 ** 32;
  } else if (tensor.dtype === 'float32') {
    const floats = new Float32Array(buffer, byteOffset, byteLength / 4);
    // What is no norm and no offset is the scale of quantized weights.
    for (let at = 0; at < floats.length; at += 1) floats[at] = constant ?? 0.002 + 0.004 * random();
  } else {
    const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
    for (let at = 0; at < halves.length; at += 1)
      halves[at] = constant === null ? smallHalf(random()) : constant * 0x3c00;
  }
}

/** GPT-2's alphabet: each byte as a character that can be seen. */
function byteAlphabet(): readonly string[] {
  const seen = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let unseen = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    if (seen(byte)) return String.fromCharCode(byte);
    unseen += 1;
    return String.fromCharCode(255 + unseen);
  });
}

/**
 * A byte-level tokenizer as large as a real one, with a merge for each word, of words that no prompt of ours has: ` w`, a
 * number after it. So a prompt has as many tokens as bytes.
 */
function tokenizer(vocabulary: number): object {
  const alphabet = byteAlphabet();
  const numbered = Array.from({ length: vocabulary - 258 }, (_, index) => String(index));
  const words = ['Ġw', ...numbered.map((number) => `Ġw${number}`)];
  const merges = ['Ġ w', ...numbered.map((number) => `Ġw${number.slice(0, -1)} ${number.slice(-1)}`)];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 0,
        content: END_TOKEN,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries([END_TOKEN, ...alphabet, ...words].map((token, id) => [token, id])),
      merges,
    },
  };
}

function chatConfig(library: Library, vocabulary: number): object {
  return {
    model_type: library.model_type,
    quantization: library.quantization,
    vocab_size: vocabulary,
    context_window_size: library.context_window_size,
    sliding_window_size: -1,
    attention_sink_size: -1,
    prefill_chunk_size: library.prefill_chunk_size,
    temperature: 1,
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    repetition_penalty: 1,
    tokenizer_files: ['tokenizer.json'],
    tokenizer_info: {
      token_postproc_method: 'byte_level',
      prepend_space_in_encode: false,
      strip_space_in_decode: false,
    },
    conv_template: {
      name: 'synthetic',
      system_template: '{system_message}',
      system_message: '',
      add_role_after_system_message: true,
      roles: { user: 'U', assistant: 'A', tool: 'T' },
      role_templates: { user: '{user_message}', assistant: '{assistant_message}', tool: '{tool_message}' },
      seps: ['\n'],
      role_content_sep: ': ',
      role_empty_sep: ':',
      stop_str: [],
      stop_token_ids: [0],
    },
    bos_token_id: 0,
    eos_token_id: 0,
  };
}

/** A model of random weights that fits a real library. */
export interface SyntheticModel {
  readonly vocabulary: number;
  readonly weightBytes: number;
  /** Largest context the library was made for, tokens. */
  readonly contextTokens: number;
}

/** Everything that is kept in caches goes: all of it was a test's. */
export async function emptyCaches(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
}

/**
 * Puts the library and everything around it where `web-llm-library-store.worker.ts` fetches from, under these addresses.
 */
export async function serveSyntheticModel(
  wasm: Uint8Array<ArrayBuffer>,
  weightsUrl: string,
  libraryUrl: string,
): Promise<SyntheticModel> {
  const library = readLibrary(wasm);
  const tensors = tensorsOf(library);
  const vocabulary = vocabularyOf(tensors);
  const network = await caches.open('test/network');
  const inFolder = (name: string): Request => new Request(new URL(name, weightsUrl));
  await network.put(new Request(libraryUrl), new Response(wasm));
  await network.put(inFolder('mlc-chat-config.json'), Response.json(chatConfig(library, vocabulary)));
  await network.put(inFolder('tokenizer.json'), Response.json(tokenizer(vocabulary)));
  const random = seededRandom(1);
  const records: object[] = [];
  const keepShard = async (members: readonly Tensor[]): Promise<void> => {
    const bytes = new Uint8Array(members.reduce((sum, { nbytes }) => sum + nbytes, 0));
    let byteOffset = 0;
    const inside = members.map((tensor) => {
      fill(tensor, bytes.subarray(byteOffset, byteOffset + tensor.nbytes), random);
      const record = { ...tensor, format: 'raw', byteOffset };
      byteOffset += tensor.nbytes;
      return record;
    });
    const dataPath = `params_shard_${records.length}.bin`;
    records.push({
      dataPath,
      format: 'raw-shard',
      nbytes: bytes.length,
      md5sum: await md5(bytes),
      records: inside,
    });
    await network.put(inFolder(dataPath), new Response(bytes));
  };
  let waiting: Tensor[] = [];
  for (const tensor of tensors) {
    const size = waiting.reduce((sum, { nbytes }) => sum + nbytes, tensor.nbytes);
    if (waiting.length > 0 && size > SHARD_BYTES) {
      await keepShard(waiting);
      waiting = [];
    }
    waiting.push(tensor);
  }
  await keepShard(waiting);
  await network.put(inFolder('tensor-cache.json'), Response.json({ metadata: {}, records }));
  return {
    vocabulary,
    weightBytes: tensors.reduce((sum, { nbytes }) => sum + nbytes, 0),
    contextTokens: library.context_window_size,
  };
}
