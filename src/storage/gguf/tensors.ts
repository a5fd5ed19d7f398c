import { asciiName } from './ascii-name.ts';
import type { HeaderWindow } from './header-window.ts';
import { DIMENSIONS, TENSOR_NAME_BYTES } from './limits.ts';
import { refused } from './refusal.ts';
import { TENSOR_TYPES, type TensorType } from './tensor-types.ts';

export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  /** Numbers in it. */
  readonly parameters: number;
  readonly sizeBytes: number;
  /** From the beginning of the data. */
  readonly fromByte: number;
}

/** Names are unique: a Map by name, in the order of the file. */
export type TensorTable = ReadonlyMap<string, TensorInfo>;

/**
 * Reads the list of tensors; whether they fit the file is for `placeTensors`.
 * @throws WitanError model-invalid, storage-failed, cancelled
 */
export async function readTensors(window: HeaderWindow, count: number): Promise<TensorTable> {
  const table = new Map<string, TensorInfo>();
  for (let index = 0; index < count; index += 1) {
    const name = await readName(window, index);
    if (table.has(name)) throw refused('tensor-duplicate', { tensor: name });
    table.set(name, await readInfo(window, name));
  }
  return table;
}

async function readName(window: HeaderWindow, index: number): Promise<string> {
  await window.need(8);
  const length = window.u64();
  if (length === 0 || length > TENSOR_NAME_BYTES) throw refused('tensor-name', { index, bytes: length });
  await window.need(length);
  const name = asciiName(window.bytes(length));
  if (name === null) throw refused('tensor-name', { index, bytes: length });
  return name;
}

async function readInfo(window: HeaderWindow, tensor: string): Promise<TensorInfo> {
  await window.need(4);
  const dimensions = window.u32();
  if (dimensions === 0 || dimensions > DIMENSIONS) throw refused('tensor-dimensions', { tensor, dimensions });
  await window.need(8 * dimensions + 12);
  const row = window.u64();
  let parameters = row > Number.MAX_SAFE_INTEGER ? 0 : row;
  for (let dimension = 1; dimension < dimensions; dimension += 1) {
    // Zero, as which too large a product counts, stays zero.
    parameters *= window.u64();
    if (parameters > Number.MAX_SAFE_INTEGER) parameters = 0;
  }
  if (parameters === 0) throw refused('tensor-dimensions', { tensor, dimensions });
  const number = window.u32();
  const type = TENSOR_TYPES.get(number);
  if (type === undefined) throw refused('tensor-type', { tensor, type: number });
  if (row % type.blockNumbers !== 0) throw refused('tensor-row', { tensor, row, type: type.name });
  const sizeBytes = (parameters / type.blockNumbers) * type.blockBytes;
  return { name: tensor, type, parameters, sizeBytes, fromByte: window.u64() };
}

export const alignedUp = (byte: number, alignment: number): number => Math.ceil(byte / alignment) * alignment;

/**
 * Proves that the tensors lie in the file, aligned, each behind the one before it and filled up to the alignment: the
 * native reader takes no other order and no gaps.
 * @param dataFromByte where the data begin in the file
 * @returns the end of the last one in the file, filled up
 * @throws WitanError model-invalid
 */
export function placeTensors(
  table: TensorTable,
  dataFromByte: number,
  alignment: number,
  sizeBytes: number,
): number {
  const tensors = [...table.values()];
  const misplaced = tensors.find(({ fromByte }) => fromByte % alignment !== 0);
  if (misplaced !== undefined) throw refused('tensor-unaligned', { tensor: misplaced.name, alignment });
  const sorted = tensors.toSorted((a, b) => a.fromByte - b.fromByte);
  let endByte = 0;
  for (const tensor of sorted) {
    if (tensor.fromByte < endByte) throw refused('tensor-overlap', { tensor: tensor.name });
    endByte = tensor.fromByte + tensor.sizeBytes;
  }
  if (dataFromByte + endByte > sizeBytes)
    throw refused('tensor-outside', {
      expectedBytes: dataFromByte + alignedUp(endByte, alignment),
      bytes: sizeBytes,
    });
  let nextByte = 0;
  for (const tensor of tensors) {
    if (tensor.fromByte !== nextByte) throw refused('tensor-order', { tensor: tensor.name });
    nextByte = alignedUp(tensor.fromByte + tensor.sizeBytes, alignment);
  }
  return dataFromByte + nextByte;
}
