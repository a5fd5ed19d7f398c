import type { GgufQuantization, GgufTensorShare } from '#contracts/gguf';
import type { TensorInfo } from './tensors.ts';

/**
 * llama.cpp's file types (llama.h, llama_ftype) by number: the name, and the tensor types that may then be the commonest
 * where the name does not begin with it.
 */
const FILE_TYPES: ReadonlyMap<number, readonly [name: string, ...types: string[]]> = new Map([
  [0, ['F32']],
  [1, ['F16']],
  [2, ['Q4_0']],
  [3, ['Q4_1']],
  [7, ['Q8_0']],
  [8, ['Q5_0']],
  [9, ['Q5_1']],
  [10, ['Q2_K', 'Q3_K']],
  [11, ['Q3_K_S']],
  [12, ['Q3_K_M']],
  [13, ['Q3_K_L']],
  [14, ['Q4_K_S']],
  [15, ['Q4_K_M']],
  [16, ['Q5_K_S']],
  [17, ['Q5_K_M']],
  [18, ['Q6_K']],
  [19, ['IQ2_XXS']],
  [20, ['IQ2_XS']],
  [21, ['Q2_K_S']],
  [22, ['IQ3_XS', 'IQ3_S', 'IQ3_XXS']],
  [23, ['IQ3_XXS']],
  [24, ['IQ1_S']],
  [25, ['IQ4_NL']],
  [26, ['IQ3_S']],
  [27, ['IQ3_M', 'IQ3_S']],
  [28, ['IQ2_S', 'IQ2_XS']],
  [29, ['IQ2_M', 'IQ2_S']],
  [30, ['IQ4_XS']],
  [31, ['IQ1_M']],
  [32, ['BF16']],
  [36, ['TQ1_0']],
  [37, ['TQ2_0']],
  [38, ['MXFP4_MOE']],
  [39, ['NVFP4']],
  [40, ['Q1_0']],
  [41, ['Q2_0']],
] as const);

/** Tensors summed up by type, the most parameters first. */
export function tensorShares(tensors: Iterable<TensorInfo>): readonly GgufTensorShare[] {
  const shares = new Map<string, GgufTensorShare>();
  for (const { type, parameters, sizeBytes } of tensors)
    addShare(shares, { type: type.name, tensors: 1, parameters, sizeBytes });
  return byParameters(shares);
}

/** The shares of several parts as those of one model. */
export function joinedShares(parts: readonly (readonly GgufTensorShare[])[]): readonly GgufTensorShare[] {
  const shares = new Map<string, GgufTensorShare>();
  for (const share of parts.flat()) addShare(shares, share);
  return byParameters(shares);
}

function addShare(shares: Map<string, GgufTensorShare>, share: GgufTensorShare): void {
  const before = shares.get(share.type);
  shares.set(share.type, {
    type: share.type,
    tensors: (before?.tensors ?? 0) + share.tensors,
    parameters: (before?.parameters ?? 0) + share.parameters,
    sizeBytes: (before?.sizeBytes ?? 0) + share.sizeBytes,
  });
}

const byParameters = (shares: ReadonlyMap<string, GgufTensorShare>): readonly GgufTensorShare[] =>
  [...shares.values()].sort((a, b) => b.parameters - a.parameters);

export const declaredType = (fileType: number | null): string | null =>
  (fileType === null ? undefined : FILE_TYPES.get(fileType))?.[0] ?? null;

/** What the file says of itself beside what its tensors say. */
export function quantizationOf(
  declared: string | null,
  shares: readonly GgufTensorShare[],
): GgufQuantization {
  const dominant = shares[0]?.type ?? null;
  const known = [...FILE_TYPES.values()].find(([name]) => name === declared);
  const agree =
    declared === null ||
    dominant === null ||
    declared.startsWith(dominant) ||
    known?.includes(dominant) === true;
  return { declared, dominant, differ: !agree };
}
