import type { MlcLibrary } from './mlc-library.ts';
import type { MlcShard } from './mlc-shards.ts';
import { byteLevelCharacter } from './vocabulary.ts';

const END_TOKEN = '<|end|>';

/** MLC's description of a chat with a model: the text of the turns and next to nothing else (`mlc-chat-config.json`). */
export function mlcChatConfig(library: MlcLibrary, vocabulary: number): object {
  return {
    model_type: library.modelType,
    quantization: library.quantization,
    vocab_size: vocabulary,
    context_window_size: library.contextTokens,
    sliding_window_size: -1,
    attention_sink_size: -1,
    prefill_chunk_size: library.prefillChunkTokens,
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

/**
 * A byte-level tokenizer as large as a real one (Hugging Face's `tokenizer.json`), with a merge for each word, of words that
 * no prompt of ours has: ` w`, a number after it. So a prompt has as many tokens as bytes.
 * @param vocabulary tokens, at least 258
 */
export function byteLevelTokenizer(vocabulary: number): object {
  const alphabet = Array.from({ length: 256 }, (_, byte) => byteLevelCharacter(byte));
  const space = byteLevelCharacter(0x20);
  const numbered = Array.from({ length: vocabulary - 258 }, (_, index) => String(index));
  const words = [`${space}w`, ...numbered.map((number) => `${space}w${number}`)];
  const merges = [
    `${space} w`,
    ...numbered.map((number) => `${space}w${number.slice(0, -1)} ${number.slice(-1)}`),
  ];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
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
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
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

/** The list of tensors beside their shards (`tensor-cache.json`). */
export function mlcTensorList(shards: readonly MlcShard[]): object {
  return {
    metadata: {},
    records: shards.map(({ name, sizeBytes, tensors }) => ({
      dataPath: name,
      format: 'raw-shard',
      nbytes: sizeBytes,
      records: tensors.map(({ tensor, byteOffset }) => ({ ...tensor, format: 'raw', byteOffset })),
    })),
  };
}
