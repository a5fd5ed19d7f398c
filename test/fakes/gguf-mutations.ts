import fc from 'fast-check';
import {
  number,
  numbers,
  TENSOR,
  text,
  texts,
  TYPE,
  u32,
  writtenGguf,
  type GgufFileSpec,
} from './gguf-file.ts';
import { SMALL, SMALL_FIELDS, tensor, withFields } from './gguf-models.ts';

/** Valid files, each with its own corner of the format. */
const VALID: readonly GgufFileSpec[] = [
  SMALL,
  { ...SMALL, version: 2 },
  withFields(
    text('general.architecture', 'lfm2'),
    u32('lfm2.block_count', 4),
    u32('lfm2.embedding_length', 64),
    u32('lfm2.attention.head_count', 4),
    numbers('lfm2.attention.head_count_kv', TYPE.i32, [0, 2, 0, 1]),
    numbers('lfm2.attention.sliding_window_pattern', TYPE.bool, [1, 0, 1, 0]),
    number('lfm2.attention.sliding_window', TYPE.u64, 512),
    numbers('imatrix.sizes', TYPE.i64, [1, -1]),
  ),
  {
    fields: [
      ...SMALL_FIELDS,
      number('split.no', TYPE.u16, 1),
      number('split.count', TYPE.u16, 2),
      number('split.tensors.count', TYPE.i32, 6),
    ],
    tensors: SMALL.tensors,
  },
  {
    fields: [text('general.architecture', 'gemma3'), texts('tokenizer.ggml.tokens', ['a', '', 'ä'])],
    tensors: Array.from({ length: 24 }, (_, index) => tensor(`t${index}`, [32, 1, 1, 2], TENSOR.q4_0, 36)),
  },
];
const WRITTEN = VALID.map((spec) => {
  const written = writtenGguf(spec);
  return { bytes: written.finish(), numbersAt: written.numbersAt };
});

/** Values at which readers went wrong: off by one, sign bits, wrapping products and sums (the CVEs of gguf.cpp). */
const EDGES = [
  0n,
  1n,
  2n,
  4n,
  7n,
  8n,
  9n,
  12n,
  13n,
  31n,
  63n,
  64n,
  255n,
  512n,
  513n,
  4096n,
  65_535n,
  65_536n,
  2n ** 20n,
  2n ** 22n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 61n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 8n,
  2n ** 64n - 1n,
];

type Mutation = (bytes: Uint8Array, numbersAt: readonly { at: number; size: number }[]) => Uint8Array;

/**
 * Where in the file, as a fraction: files become shorter under mutation. Without bias: fast-check likes small numbers, and
 * then every other fault would hit the magic.
 */
const place = fc.noBias(fc.nat(2 ** 20 - 1)).map((part) => part / 2 ** 20);
const at = (bytes: Uint8Array, fraction: number): number => Math.floor(fraction * bytes.byteLength);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // Weighted: counts, lengths and types decide most.
  {
    weight: 6,
    arbitrary: fc
      .tuple(place, fc.constantFrom(...EDGES))
      .map(([where, value]): Mutation => (bytes, numbersAt) => {
        const found = numbersAt[Math.floor(where * numbersAt.length)];
        if (found === undefined || found.at + found.size > bytes.byteLength) return bytes;
        const view = new DataView(bytes.buffer, bytes.byteOffset + found.at, found.size);
        if (found.size === 4) view.setUint32(0, Number(BigInt.asUintN(32, value)), true);
        else view.setBigUint64(0, value, true);
        return bytes;
      }),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(place, fc.nat(7)).map(([where, bit]): Mutation => (bytes) => {
      const index = at(bytes, where);
      if (index < bytes.byteLength) bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      return bytes;
    }),
  },
  {
    weight: 1,
    arbitrary: place.map(
      (where): Mutation =>
        (bytes) =>
          bytes.slice(0, at(bytes, where)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 24 }))
      .map(([where, noise]): Mutation => (bytes) => {
        bytes.set(noise.subarray(0, bytes.byteLength - at(bytes, where)), at(bytes, where));
        return bytes;
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, place, place).map(([from, to, where]): Mutation => (bytes) => {
      const piece = bytes.slice(at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to)));
      const cut = at(bytes, where);
      return Uint8Array.from([...bytes.subarray(0, cut), ...piece.subarray(0, 64), ...bytes.subarray(cut)]);
    }),
  },
);

/** A valid file with one to four faults in it. */
export const mutatedGguf: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(...WRITTEN), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([{ bytes, numbersAt }, mutations]) =>
    mutations.reduce<Uint8Array>((mutated, mutate) => mutate(mutated, numbersAt), bytes.slice()),
  );

/** The magic, a version, and then anything. */
export const noiseGguf: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(2, 3), fc.nat(3), fc.nat(5), fc.uint8Array({ maxLength: 200 }))
  .map(([version, tensors, keys, noise]) => {
    const bytes = new Uint8Array(24 + noise.byteLength);
    bytes.set([0x47, 0x47, 0x55, 0x46, version, 0, 0, 0, tensors, 0, 0, 0, 0, 0, 0, 0, keys]);
    bytes.set(noise, 24);
    return bytes;
  });

const value = fc.oneof(fc.nat(9), fc.constantFrom(...EDGES));

/** Files put together from valid entries and tensors of any type, shape, size and place. */
export const assembledGguf: fc.Arbitrary<Uint8Array> = fc
  .record({
    version: fc.constantFrom(2, 3),
    keys: fc.array(
      fc.tuple(
        fc.constantFrom(
          'general.alignment',
          'general.file_type',
          'llama.block_count',
          'split.count',
          'split.no',
          'k',
        ),
        fc.nat(13),
        value,
      ),
      { maxLength: 3 },
    ),
    tensors: fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd'),
        shape: fc.array(value, { maxLength: 5 }),
        type: fc.nat(42),
        sizeBytes: fc.nat(256),
        fromByte: value,
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ version, keys, tensors }) =>
    writtenGguf({
      version,
      fields: [
        text('general.architecture', 'llama'),
        ...keys.map(([key, type, entry]) => ({
          key,
          type,
          write: (out: { u64: (value: number | bigint) => void }): void => {
            out.u64(entry);
          },
        })),
      ],
      tensors,
    }).finish(),
  );

/** All three, the mutated files most. */
export const hostileGguf: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: mutatedGguf },
  { weight: 1, arbitrary: noiseGguf },
  { weight: 2, arbitrary: assembledGguf },
);
