import { seededRandom } from '#kernel/random';
import type { MlcTensor } from './mlc-tensors.ts';

/** As MLC cuts its own weights (mlc_llm/support, `max_shard_size`); a tensor that is larger has a shard to itself. */
export const SHARD_BYTES = 32 * 2 ** 20;

/** Its pieces repeat; they do so far enough apart that no compression of memory finds them. */
const POOL_BYTES = 4 * 2 ** 20;

/** What a tensor is filled with. */
export type WeightContent =
  'words' | 'scales16' | 'scales32' | 'weights16' | 'weights32' | 'ones16' | 'ones32' | 'zeros';

/** So many bytes of a content's pool, from there. */
export interface WeightPiece {
  readonly content: WeightContent;
  readonly fromByte: number;
  readonly sizeBytes: number;
}

export interface MlcShard {
  /** In the folder of weights. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly tensors: readonly { readonly tensor: MlcTensor; readonly byteOffset: number }[];
}

/** Deals tensors out to files of at most `SHARD_BYTES`, in their order. */
export function shardsOf(tensors: readonly MlcTensor[]): readonly MlcShard[] {
  const shards: MlcShard[] = [];
  for (const tensor of tensors) {
    const last = shards.at(-1);
    if (last !== undefined && last.sizeBytes + tensor.nbytes <= SHARD_BYTES) {
      shards[shards.length - 1] = {
        ...last,
        sizeBytes: last.sizeBytes + tensor.nbytes,
        tensors: [...last.tensors, { tensor, byteOffset: last.sizeBytes }],
      };
    } else {
      shards.push({
        name: `params_shard_${String(shards.length)}.bin`,
        sizeBytes: tensor.nbytes,
        tensors: [{ tensor, byteOffset: 0 }],
      });
    }
  }
  return shards;
}

/** Norms keep what they scale, offsets add nothing, scales of quantized weights are small: nothing runs out of its range. */
export function contentOf({ name, dtype }: Pick<MlcTensor, 'name' | 'dtype'>): WeightContent {
  if (dtype === 'uint32') return 'words';
  const bits = dtype === 'float16' ? 16 : 32;
  if (/bias$/.test(name)) return 'zeros';
  if (/(?:norm|ln_\w+)\d*\.weight$/i.test(name)) return `ones${bits}`;
  return /scale$/.test(name) ? `scales${bits}` : `weights${bits}`;
}

/** The pieces that fill a tensor, each from a place of its own. @param random from 0 to 1 */
export function piecesOf(tensor: MlcTensor, random: () => number): readonly WeightPiece[] {
  const content = contentOf(tensor);
  const pieces: WeightPiece[] = [];
  for (let left = tensor.nbytes; left > 0;) {
    // On a whole number of either size.
    const fromByte = Math.floor((random() * POOL_BYTES) / 8) * 4;
    const sizeBytes = Math.min(left, POOL_BYTES - fromByte);
    pieces.push({ content, fromByte, sizeBytes });
    left -= sizeBytes;
  }
  return pieces;
}

/** A 16-bit float between 2^-8 and 2^-7: exponent 7 of bias 15, any fraction. */
const SCALE_EXPONENT = 7 << 10;
/** Sign and fraction of a 16-bit float. */
const SIGN_AND_FRACTION = 0x83ff;
const ONE_HALF_PRECISION = 0x3c00;

const FILLS: Readonly<Record<WeightContent, (bytes: ArrayBuffer, random: () => number) => void>> = {
  words: (bytes, random) => {
    fill(new Uint32Array(bytes), () => random() * 2 ** 32);
  },
  scales16: (bytes, random) => {
    fill(new Uint16Array(bytes), () => SCALE_EXPONENT | Math.floor(random() * 1024));
  },
  scales32: (bytes, random) => {
    fill(new Float32Array(bytes), () => 2 ** -8 * (1 + random()));
  },
  // Of either sign, up to 2^-4, so that their sums stay small.
  weights16: (bytes, random) => {
    fill(new Uint16Array(bytes), () => {
      const bits = Math.floor(random() * 2 ** 16);
      return (bits & SIGN_AND_FRACTION) | ((8 + ((bits >> 10) % 3)) << 10);
    });
  },
  weights32: (bytes, random) => {
    fill(new Float32Array(bytes), () => (random() - 0.5) / 8);
  },
  ones16: (bytes) => {
    new Uint16Array(bytes).fill(ONE_HALF_PRECISION);
  },
  ones32: (bytes) => {
    new Float32Array(bytes).fill(1);
  },
  zeros: () => undefined,
};

function fill(numbers: Uint16Array | Uint32Array | Float32Array, next: () => number): void {
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = next();
}

/** Makes what pieces are cut from, each content when it is first asked for. The same seed gives the same bytes. */
export class WeightPools {
  readonly #random: () => number;
  readonly #pools = new Map<WeightContent, Uint8Array<ArrayBuffer>>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  of(content: WeightContent): Uint8Array<ArrayBuffer> {
    const known = this.#pools.get(content);
    if (known !== undefined) return known;
    const bytes = new ArrayBuffer(POOL_BYTES);
    FILLS[content](bytes, this.#random);
    const pool = new Uint8Array(bytes);
    this.#pools.set(content, pool);
    return pool;
  }
}
