import { asciiName } from './ascii-name.ts';
import type { HeaderWindow } from './header-window.ts';
import { KEPT_TEXT_BYTES, KEY_BYTES, LAYERS, LIST_ITEMS, LIST_TEXT_BYTES, TEXT_BYTES } from './limits.ts';
import { refused } from './refusal.ts';
import { SCALARS, VALUE, type ScalarType } from './value-types.ts';

/** An entry of the description. Of texts and lists only what the summary wants is kept (`null`: read past). */
export type Entry =
  | { readonly kind: 'number'; readonly type: number; readonly value: number }
  | { readonly kind: 'text'; readonly bytes: Uint8Array | null }
  | {
      readonly kind: 'list';
      readonly itemType: number;
      readonly items: number;
      readonly numbers: readonly number[] | null;
    };

export type Metadata = ReadonlyMap<string, Entry>;

export const TEMPLATE_KEY = 'tokenizer.chat_template';

/** Texts that the summary shows or compares. */
const KEPT_TEXTS = new Set([
  'general.architecture',
  'general.type',
  'general.name',
  'general.license',
  'tokenizer.ggml.model',
  'tokenizer.ggml.pre',
  TEMPLATE_KEY,
]);

/** Lists with a number for each layer that decide how large the cache is. */
const KEPT_LISTS = /\.attention\.(?:head_count|head_count_kv|sliding_window_pattern)$/;

/**
 * Reads the entries of the description.
 * @throws WitanError model-invalid, storage-failed, cancelled
 */
export async function readMetadata(window: HeaderWindow, count: number): Promise<Metadata> {
  const entries = new Map<string, Entry>();
  for (let index = 0; index < count; index += 1) {
    const key = await readKey(window, index);
    if (entries.has(key)) throw refused('key-duplicate', { key });
    await window.need(4);
    entries.set(key, await readEntry(window, key, window.u32()));
  }
  return entries;
}

async function readKey(window: HeaderWindow, index: number): Promise<string> {
  await window.need(8);
  const length = window.u64();
  if (length === 0 || length > KEY_BYTES) throw refused('key-name', { index, bytes: length });
  await window.need(length);
  const key = asciiName(window.bytes(length));
  if (key === null) throw refused('key-name', { index, bytes: length });
  return key;
}

async function readEntry(window: HeaderWindow, key: string, type: number): Promise<Entry> {
  if (type === VALUE.text) return { kind: 'text', bytes: await readText(window, key) };
  if (type === VALUE.list) return readList(window, key);
  const scalar = SCALARS.get(type);
  if (scalar === undefined) throw refused('value-type', { key, type });
  await window.need(scalar.sizeBytes);
  const value = window.number(scalar.read, scalar.sizeBytes);
  if (type === VALUE.bool && value > 1) throw refused('value-invalid', { key, value });
  return { kind: 'number', type, value };
}

async function readText(window: HeaderWindow, key: string): Promise<Uint8Array | null> {
  await window.need(8);
  const length = window.u64();
  const kept = KEPT_TEXTS.has(key);
  const limitBytes = kept ? KEPT_TEXT_BYTES : TEXT_BYTES;
  if (length > limitBytes) throw refused('string-too-long', { key, bytes: length, limitBytes });
  if (!kept) {
    window.skip(length);
    return null;
  }
  await window.need(length);
  return window.bytes(length).slice();
}

async function readList(window: HeaderWindow, key: string): Promise<Entry> {
  await window.need(12);
  const itemType = window.u32();
  const items = window.u64();
  if (itemType === VALUE.list) throw refused('array-nested', { key });
  const scalar = SCALARS.get(itemType);
  if (scalar === undefined && itemType !== VALUE.text) throw refused('value-type', { key, type: itemType });
  if (items > LIST_ITEMS) throw refused('array-too-long', { key, items, limit: LIST_ITEMS });
  let numbers: readonly number[] | null = null;
  if (scalar === undefined) await passTexts(window, key, items);
  else if (itemType === VALUE.bool || (KEPT_LISTS.test(key) && items <= LAYERS))
    numbers = await readNumbers(window, key, items, itemType, scalar);
  else window.skip(items * scalar.sizeBytes);
  return { kind: 'list', itemType, items, numbers };
}

async function passTexts(window: HeaderWindow, key: string, items: number): Promise<void> {
  window.within(8 * items);
  let left = items;
  while (left > 0) {
    await window.need(8);
    // No waiting within a window: a vocabulary has 100,000 texts and more.
    do {
      const length = window.u64();
      if (length > LIST_TEXT_BYTES)
        throw refused('string-too-long', { key, bytes: length, limitBytes: LIST_TEXT_BYTES });
      window.skip(length);
      left -= 1;
    } while (left > 0 && window.ready >= 8);
  }
}

/** Reads a list of numbers; of one longer than there are layers nothing is kept, but every bool is looked at. */
async function readNumbers(
  window: HeaderWindow,
  key: string,
  items: number,
  itemType: number,
  { read, sizeBytes }: ScalarType,
): Promise<readonly number[] | null> {
  const kept: number[] | null = items <= LAYERS ? [] : null;
  let left = items;
  while (left > 0) {
    await window.need(sizeBytes);
    for (; left > 0 && window.ready >= sizeBytes; left -= 1) {
      const value = window.number(read, sizeBytes);
      if (itemType === VALUE.bool && value > 1) throw refused('value-invalid', { key, value });
      kept?.push(value);
    }
  }
  return kept;
}
