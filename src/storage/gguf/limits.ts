/**
 * What the parser takes at most. Each bound is far above every model that is known and far below what would tire or harm
 * the native reader behind it (ggml's gguf.cpp), whose own bounds end at 2^30 and 2^63.
 */

/** All before the tensors. The largest vocabularies (262,144 tokens, 514,906 merges) come to 16 MB. */
export const HEADER_BYTES = 64 * 2 ** 20;

/** Real models have 20 to 60. */
export const KEYS = 4096;

/** The native reader compares every name with all before it: 16,384 are 134 million comparisons. Real: up to 1,500. */
export const TENSORS = 16_384;

/** The format allows 65,535 bytes; real keys are below 64. */
export const KEY_BYTES = 1024;

/** ggml keeps 63 bytes of a tensor's name and a zero (GGML_MAX_NAME). */
export const TENSOR_NAME_BYTES = 63;

/** A single text; the longest in use is a whole tokenizer.json of 33 MB, which is skipped. */
export const TEXT_BYTES = 48 * 2 ** 20;

/** A text in a list, so also a token: native code keeps a token's length in 32 bits (CVE-2025-49847). */
export const LIST_TEXT_BYTES = 64 * 2 ** 10;

/** A text that is kept to be shown or hashed: chat templates have up to 30 kB, licences in full up to 50 kB. */
export const KEPT_TEXT_BYTES = 2 ** 20;

/** What pages show of a name or a licence. */
export const SHOWN_CHARS = 200;

/** A page shows no more of a template. */
export const TEMPLATE_SHOWN_CHARS = 64 * 2 ** 10;

/** Items of a list: eight times the merges of the largest vocabulary. */
export const LIST_ITEMS = 4 * 2 ** 20;

/** llama.cpp's arrays of a value per layer have this length (LLAMA_MAX_LAYERS). */
export const LAYERS = 512;

/** Largest number of heads, tokens or dimensions: native code keeps them in 32 bits, some of it signed. */
export const SHAPE_NUMBER = 2 ** 31 - 1;

/** A tensor has 1 to 4 dimensions (GGML_MAX_DIMS). */
export const DIMENSIONS = 4;

/** The format demands a multiple of 8; a larger one than 64 KiB (the largest page of memory) serves nothing. */
export const ALIGNMENT = { min: 8, max: 64 * 2 ** 10, usual: 32 } as const;

/** Bytes asked of the file at a time. */
export const WINDOW_BYTES = 2 ** 20;
