import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MlcLibrary } from './mlc-library.ts';
import { SPECIAL_TOKENS } from './vocabulary.ts';

/** Formats of numbers in MLC's libraries for WebGPU, with the bytes of one: quantized weights come packed in words. */
const NUMBER_BYTES = { float16: 2, float32: 4, uint32: 4 } as const;
export type NumberFormat = keyof typeof NUMBER_BYTES;

/** A tensor of a model as web-llm has it in graphics memory. */
export interface MlcTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: NumberFormat;
  readonly nbytes: number;
}

export interface MlcTensors {
  readonly tensors: readonly MlcTensor[];
  readonly weightBytes: number;
  readonly largestTensorBytes: number;
  /** Tokens: the rows of the table of tokens. */
  readonly vocabulary: number;
}

/** The dimension that libraries of MLC leave open. */
const OPEN_VOCABULARY = 'vocab_size';
/** Every byte as a token, and the special ones. */
const SMALLEST_VOCABULARY = SPECIAL_TOKENS.length + 256;
/** Tables of tokens, at the input and at the output, by the names that MLC's models give them; scales have as many rows. */
const TABLES = /emb|wte|lm_head|head\.out/;

const isFormat = (dtype: string): dtype is NumberFormat => Object.hasOwn(NUMBER_BYTES, dtype);

/**
 * All tensors that a library's model has, with their sizes.
 * Errors: request-unsupported with reason `open-dimension` (a size that the library leaves open and nobody knows),
 * `number-format`, or `vocabulary` (it has none, or one too small for a byte-level tokenizer).
 * @param name of the model, for the failure
 * @param vocabulary tokens, where the library leaves them open; null where nobody knows
 */
export function tensorsOfLibrary(
  { parameters }: Pick<MlcLibrary, 'parameters'>,
  vocabulary: number | null,
  name: string,
): Outcome<MlcTensors> {
  const refuse = (reason: string): Outcome<never> =>
    err(failure('request-unsupported', { model: name, reason }));
  const tensors: MlcTensor[] = [];
  for (const { name: tensor, shape, dtype } of parameters) {
    if (!isFormat(dtype)) return refuse('number-format');
    const known: number[] = [];
    for (const size of shape) {
      const told = size === OPEN_VOCABULARY ? vocabulary : size;
      if (typeof told !== 'number') return refuse('open-dimension');
      known.push(told);
    }
    const nbytes = known.reduce((product, size) => product * size, NUMBER_BYTES[dtype]);
    tensors.push({ name: tensor, shape: known, dtype, nbytes });
  }
  const tables = tensors.filter((tensor) => tensor.shape.length > 1 && TABLES.test(tensor.name));
  const tokens = Math.max(0, ...tables.map(({ shape: [rows = 0] }) => rows));
  if (tokens < SMALLEST_VOCABULARY) return refuse('vocabulary');
  return ok({
    tensors,
    weightBytes: tensors.reduce((sum, { nbytes }) => sum + nbytes, 0),
    largestTensorBytes: tensors.reduce((most, { nbytes }) => Math.max(most, nbytes), 0),
    vocabulary: tokens,
  });
}
