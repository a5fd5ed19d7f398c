import type { PerLayer } from '#contracts/gguf';
import { LAYERS, SHAPE_NUMBER, SHOWN_CHARS } from './limits.ts';
import type { Entry, Metadata } from './metadata.ts';
import { refused } from './refusal.ts';
import { isInteger } from './value-types.ts';

const isShapeNumber = (value: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= SHAPE_NUMBER;

function integerOf(entry: Entry, key: string): number {
  if (entry.kind !== 'number' || !isInteger(entry.type)) throw refused('key-type', { key });
  if (!isShapeNumber(entry.value)) throw refused('shape', { key, value: entry.value });
  return entry.value;
}

/**
 * An integer that the native reader counts with; null also for a list, as new architectures have them by layer.
 * @param type the only type it may have, where the native reader insists on one
 * @throws WitanError model-invalid (key-type, shape)
 */
export function integer(metadata: Metadata, key: string, type?: number): number | null {
  const entry = metadata.get(key);
  if (entry === undefined) return null;
  if (type !== undefined && (entry.kind !== 'number' || entry.type !== type))
    throw refused('key-type', { key });
  return entry.kind === 'list' ? null : integerOf(entry, key);
}

/** An integer that is only shown: null where it has another type or makes no sense. */
export function shownInteger(metadata: Metadata, key: string): number | null {
  const entry = metadata.get(key);
  return entry?.kind === 'number' && isShapeNumber(entry.value) ? entry.value : null;
}

/**
 * One integer, or a list of one for each layer.
 * @throws WitanError model-invalid (key-type, shape)
 */
export function perLayer(metadata: Metadata, key: string, layers: number | null): PerLayer {
  const entry = metadata.get(key);
  if (entry === undefined) return null;
  if (entry.kind !== 'list') return integerOf(entry, key);
  const { items, itemType, numbers } = entry;
  if (!isInteger(itemType)) throw refused('key-type', { key });
  // The native reader copies the list into an array of fixed length.
  if (numbers === null || items !== (layers ?? items)) throw refused('shape', { key, items, limit: LAYERS });
  const wrong = numbers.find((value) => !isShapeNumber(value));
  if (wrong !== undefined) throw refused('shape', { key, value: wrong });
  return numbers;
}

/**
 * A text as UTF-8; what is not becomes U+FFFD.
 * @throws WitanError model-invalid (key-type)
 */
export function text(metadata: Metadata, key: string): string | null {
  const entry = metadata.get(key);
  if (entry === undefined) return null;
  if (entry.kind !== 'text' || entry.bytes === null) throw refused('key-type', { key });
  return new TextDecoder().decode(entry.bytes);
}

/** The beginning of a text that is only shown: null where it has another type. */
export function shownText(metadata: Metadata, key: string): string | null {
  return metadata.get(key)?.kind === 'text' ? (text(metadata, key)?.slice(0, SHOWN_CHARS) ?? null) : null;
}
