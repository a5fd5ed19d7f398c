import { expect, it } from 'vitest';
import { GGUF_REFUSALS } from '#contracts/gguf';
import {
  ggufFile,
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
  type GgufWriter,
} from '../../../fakes/gguf-file.ts';
import {
  inspect,
  SMALL,
  SMALL_FIELDS,
  SMALL_TENSORS,
  tensor,
  verdict,
  withFields,
  withoutFields,
} from '../../../fakes/gguf-models.ts';

const HUGE = 2n ** 64n - 1n;
const field = (key: string, type: number, write: (out: GgufWriter) => void): GgufField => ({
  key,
  type,
  write,
});
/** A text that claims another length than it has. */
const claimed = (key: string, length: number | bigint): GgufField =>
  field(key, TYPE.text, (out) => {
    out.u64(length);
  });
const list = (key: string, itemType: number, items: number | bigint): GgufField =>
  field(key, TYPE.list, (out) => {
    out.u32(itemType);
    out.u64(items);
  });
const withTensors = (...tensors: readonly GgufTensor[]): GgufFileSpec => ({ ...SMALL, tensors });
const withTensor = (changed: Partial<GgufTensor>): GgufFileSpec =>
  withTensors({ ...tensor('x', [32, 2], TENSOR.f32, 256), ...changed });
const small = ggufFile(SMALL);

const REFUSED: readonly (readonly [string, string, GgufFileSpec | Uint8Array])[] = [
  ['not-gguf', 'an empty file', new Uint8Array(0)],
  ['not-gguf', 'three bytes', small.slice(0, 3)],
  ['not-gguf', 'a page', new TextEncoder().encode('<!doctype html><title>404</title>')],
  ['version-1', 'version 1', { ...SMALL, version: 1 }],
  ['version-unknown', 'version 4', { ...SMALL, version: 4 }],
  ['version-unknown', 'version 0', { ...SMALL, version: 0 }],
  ['big-endian', 'version 3, byte-swapped', { ...SMALL, version: 0x03000000 }],
  ['truncated', 'only the magic', small.slice(0, 4)],
  ['truncated', 'the counts cut off', small.slice(0, 23)],
  ['truncated', 'a key cut off', small.slice(0, 40)],
  ['truncated', 'more keys claimed than there are', { ...SMALL, tensors: [], claimedKeys: 23 }],
  ['truncated', 'a text beyond the end', withFields(claimed('a.text', 40_000))],
  ['truncated', 'a list beyond the end', withFields(list('a.list', TYPE.u32, 100_000))],
  ['too-many-keys', 'as many keys as fit a number', { ...SMALL, claimedKeys: HUGE }],
  ['too-many-keys', 'one too many', { ...SMALL, claimedKeys: 4097 }],
  ['too-many-tensors', 'as many tensors as fit a number', { ...SMALL, claimedTensors: HUGE }],
  ['too-many-tensors', 'one too many', { ...SMALL, claimedTensors: 16_385 }],
  ['key-name', 'an empty key', withFields(u32('', 1))],
  ['key-name', 'a key that is no ASCII', withFields(u32('schlüssel', 1))],
  ['key-name', 'a key with a zero in it', withFields(u32('a\0b', 1))],
  ['key-name', 'a long key', withFields(u32('k'.repeat(1025), 1))],
  ['key-duplicate', 'a key twice', { ...SMALL, fields: [...SMALL_FIELDS, u32('general.file_type', 7)] }],
  ['key-type', 'an architecture that is a number', withFields(u32('general.architecture', 1))],
  ['key-type', 'layers that are no integer', withFields(number('llama.block_count', TYPE.f32, 2))],
  ['key-type', 'heads that are a text', withFields(text('llama.attention.head_count', '4'))],
  [
    'key-type',
    'heads by layer that are floats',
    withFields(numbers('llama.attention.head_count', TYPE.f32, [4, 4])),
  ],
  ['key-type', 'an alignment of 64 bits', withFields(number('general.alignment', TYPE.u64, 32))],
  ['key-type', 'tokens that are numbers', withFields(numbers('tokenizer.ggml.tokens', TYPE.u8, [1, 2, 3]))],
  ['key-type', 'scores of one byte', withFields(numbers('tokenizer.ggml.scores', TYPE.u8, [1, 2, 3]))],
  ['key-type', 'types that are one number', withFields(u32('tokenizer.ggml.token_type', 1))],
  ['key-type', 'merges that are numbers', withFields(numbers('tokenizer.ggml.merges', TYPE.i32, [1]))],
  ['key-type', 'a template that is a list', withFields(texts('tokenizer.chat_template', ['x']))],
  [
    'key-type',
    'a part number of 32 bits',
    withFields(u32('split.no', 0), number('split.count', TYPE.u16, 2)),
  ],
  ['value-type', 'an unknown type', withFields(field('a.value', 13, () => undefined))],
  ['value-type', 'a list of an unknown type', withFields(list('a.list', 13, 1))],
  ['value-invalid', 'a bool that is 2', withFields(number('a.bool', TYPE.bool, 2))],
  ['value-invalid', 'a list with such a bool', withFields(numbers('a.list', TYPE.bool, [0, 1, 255]))],
  ['string-too-long', 'a text without end', withFields(claimed('a.text', HUGE))],
  [
    'string-too-long',
    'a template of more than 1 MiB',
    withFields(text('tokenizer.chat_template', 'x'.repeat(2 ** 20 + 1))),
  ],
  [
    'string-too-long',
    'a token of more than 64 KiB',
    withFields(texts('tokenizer.ggml.tokens', ['a', 'x'.repeat(65_537), 'b'])),
  ],
  ['array-too-long', 'a list without end', withFields(list('a.list', TYPE.u8, HUGE))],
  ['array-too-long', 'texts without end', withFields(list('a.list', TYPE.text, 4 * 2 ** 20 + 1))],
  ['array-nested', 'a list of lists', withFields(list('a.list', TYPE.list, 1))],
  ['alignment', 'alignment 0', withFields(u32('general.alignment', 0))],
  ['alignment', 'alignment 48', withFields(u32('general.alignment', 48))],
  ['alignment', 'alignment 4', withFields(u32('general.alignment', 4))],
  ['alignment', 'alignment 2^31', withFields(u32('general.alignment', 2 ** 31))],
  ['architecture', 'no architecture', withoutFields('general.architecture')],
  ['architecture', 'an empty one', withFields(text('general.architecture', ''))],
  ['architecture', 'a line break in it', withFields(text('general.architecture', 'lla\nma'))],
  ['shape', '513 layers', withFields(u32('llama.block_count', 513))],
  ['shape', 'less than no heads', withFields(number('llama.attention.head_count', TYPE.i32, -4))],
  ['shape', 'a context of 2^31', withFields(u32('llama.context_length', 2 ** 31))],
  [
    'shape',
    'heads for another number of layers',
    withFields(numbers('llama.attention.head_count', TYPE.u32, [4, 4, 4])),
  ],
  [
    'shape',
    'negative heads in a layer',
    withFields(numbers('llama.attention.head_count', TYPE.i32, [4, -4])),
  ],
  [
    'shape',
    'heads for 513 layers',
    withFields(numbers('llama.attention.head_count_kv', TYPE.u32, new Array<number>(513).fill(1))),
  ],
  ['vocabulary-mismatch', 'too few scores', withFields(numbers('tokenizer.ggml.scores', TYPE.f32, [0]))],
  [
    'vocabulary-mismatch',
    'too few types',
    withFields(numbers('tokenizer.ggml.token_type', TYPE.i32, [1, 1])),
  ],
  ['vocabulary-mismatch', 'scores without tokens', withoutFields('tokenizer.ggml.tokens')],
  ['shape', 'no layers', withFields(u32('llama.block_count', 0))],
  ['no-tensors', 'only a vocabulary', withTensors()],
  ['tensor-name', 'no name', withTensor({ name: '' })],
  ['tensor-name', 'a name of 64 bytes', withTensor({ name: 'n'.repeat(64) })],
  ['tensor-name', 'a zero in the name', withTensor({ name: 'a\0b' })],
  [
    'tensor-duplicate',
    'a name twice',
    withTensors(...SMALL_TENSORS, tensor('output_norm.weight', [8], TENSOR.f32, 32)),
  ],
  ['tensor-dimensions', 'no dimension', withTensor({ shape: [] })],
  ['tensor-dimensions', 'five dimensions', withTensor({ shape: [32, 1, 1, 1, 1] })],
  ['tensor-dimensions', 'a dimension of zero', withTensor({ shape: [32, 0] })],
  ['tensor-dimensions', 'no numbers but a huge dimension', withTensor({ shape: [0, HUGE] })],
  ['tensor-dimensions', 'a product beyond 2^53', withTensor({ shape: [2 ** 27, 2 ** 27] })],
  [
    'tensor-dimensions',
    'a product that wraps around 2^64 to 4',
    withTensor({ shape: [2n ** 33n, 2n ** 33n + 2n] }),
  ],
  ['tensor-dimensions', 'a huge row', withTensor({ shape: [HUGE] })],
  ['tensor-type', 'a type that was removed', withTensor({ type: 4 })],
  ['tensor-type', 'a type of the future', withTensor({ type: 200 })],
  ['tensor-row', 'rows that are no whole blocks', withTensor({ shape: [48, 2], type: TENSOR.q8_0 })],
  ['tensor-unaligned', 'an offset of 16', withTensor({ fromByte: 16 })],
  [
    'tensor-outside',
    'the last byte of the last tensor cut off',
    ggufFile(withTensor({ shape: [64] })).slice(0, -1),
  ],
  ['tensor-outside', 'more numbers than the file has room for', withTensor({ shape: [2 ** 40] })],
  ['tensor-outside', 'an offset beyond the end', withTensor({ fromByte: 2n ** 63n })],
  [
    'tensor-overlap',
    'two in the same place',
    withTensors(tensor('a', [32], TENSOR.f32, 128), { ...tensor('b', [32], TENSOR.f32, 128), fromByte: 64 }),
  ],
  [
    'tensor-order',
    'a gap before the first',
    withTensors({ ...tensor('a', [32], TENSOR.f32, 192), fromByte: 64 }),
  ],
  [
    'tensor-order',
    'the second before the first',
    withTensors(
      { ...tensor('a', [32], TENSOR.f32, 128), fromByte: 128 },
      { ...tensor('b', [32], TENSOR.f32, 128), fromByte: 0 },
    ),
  ],
  [
    'split-info',
    'part 3 of 2',
    withFields(number('split.no', TYPE.u16, 2), number('split.count', TYPE.u16, 2)),
  ],
  ['split-info', 'a part without a number', withFields(number('split.count', TYPE.u16, 2))],
];

it.each(REFUSED)('%s: %s', async (reason, _case, file) => {
  expect(await verdict(file instanceof Uint8Array ? file : ggufFile(file))).toBe(reason);
});

it('has a test here for each reason but those of whole sets and of the largest header', () => {
  const elsewhere = GGUF_REFUSALS.filter((reason) => !REFUSED.some(([tested]) => tested === reason));
  expect(elsewhere).toEqual([
    'header-too-large',
    'split-name',
    'split-part-missing',
    'split-part-double',
    'split-part-foreign',
    'split-tensor-count',
  ]);
});

it('takes the small model that all of these are made from', async () => {
  expect(await verdict(small)).toBe('accepted');
});

it('takes what lies just within the limits', async () => {
  const within: readonly GgufFileSpec[] = [
    withFields(u32('llama.block_count', 512)),
    withFields(text('tokenizer.chat_template', 'x'.repeat(2 ** 20))),
    withFields(u32('k'.repeat(1024), 1)),
    withTensor({ name: 'n'.repeat(63) }),
    withTensor({ shape: [32, 2, 1, 1] }),
    { ...withFields(u32('general.alignment', 65_536)), alignment: 65_536 },
  ];
  for (const spec of within) expect(await verdict(ggufFile(spec))).toBe('accepted');
});

it('gives the figures of a refusal', async () => {
  const outcome = await inspect(small.slice(0, -64));
  expect(outcome).toEqual({
    ok: false,
    error: {
      code: 'model-invalid',
      details: { reason: 'tensor-outside', expectedBytes: small.byteLength, bytes: small.byteLength - 64 },
    },
  });
});
