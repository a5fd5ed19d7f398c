import type { GgufChatTemplate, GgufSplit, GgufSummary } from '#contracts/gguf';
import { integer, shownInteger, shownText, text } from './fields.ts';
import { kvBytesPerToken } from './kv-cache.ts';
import { TEMPLATE_SHOWN_CHARS } from './limits.ts';
import { TEMPLATE_KEY, type Metadata } from './metadata.ts';
import { declaredType, quantizationOf, tensorShares } from './quantization.ts';
import { refused } from './refusal.ts';
import { shapeOf } from './shape.ts';
import type { TensorTable } from './tensors.ts';
import { VALUE } from './value-types.ts';

/** What was read, and proved to fit together. */
export interface GgufHeader {
  readonly version: 2 | 3;
  readonly metadata: Metadata;
  readonly tensors: TensorTable;
  readonly alignmentBytes: number;
  readonly dataFromByte: number;
  readonly expectedSizeBytes: number;
}

/** The format has lower-case letters and digits; `gpt-oss` and `nomic-bert-moe` are in use. */
const ARCHITECTURE = /^[\w.-]{1,64}$/;

/**
 * The summary that pages show.
 * @throws WitanError model-invalid where what the native reader relies on is missing, mistyped or impossible
 */
export async function summarize(header: GgufHeader): Promise<GgufSummary> {
  const { metadata, tensors } = header;
  const split = splitOf(metadata);
  const architecture = text(metadata, 'general.architecture');
  // Only the first part of a set need say it.
  if (architecture === null ? (split?.part ?? 0) === 0 : !ARCHITECTURE.test(architecture))
    throw refused('architecture');
  if (tensors.size === 0 && split === null) throw refused('no-tensors');
  const shape = shapeOf(metadata, architecture);
  const shares = tensorShares(tensors.values());
  const fileType = shownInteger(metadata, 'general.file_type');
  return {
    version: header.version,
    architecture,
    kind: shownText(metadata, 'general.type'),
    name: shownText(metadata, 'general.name'),
    license: shownText(metadata, 'general.license'),
    parameters: shares.reduce((sum, share) => sum + share.parameters, 0),
    tensors: tensors.size,
    tensorTypes: shares,
    quantization: quantizationOf(declaredType(fileType), shares),
    shape,
    kvBytesPerToken: kvBytesPerToken(metadata, architecture, shape),
    tokenizer: {
      model: shownText(metadata, 'tokenizer.ggml.model'),
      pre: shownText(metadata, 'tokenizer.ggml.pre'),
    },
    chatTemplate: await templateOf(metadata),
    split,
    alignmentBytes: header.alignmentBytes,
    dataFromByte: header.dataFromByte,
    expectedSizeBytes: header.expectedSizeBytes,
  };
}

function splitOf(metadata: Metadata): GgufSplit | null {
  // The native reader ends the whole engine where these have another type.
  const parts = integer(metadata, 'split.count', VALUE.u16) ?? 0;
  const part = integer(metadata, 'split.no', VALUE.u16);
  // Merged files keep the entry with a zero.
  if (parts <= 1) return null;
  if (part === null || part >= parts)
    throw refused('split-info', { parts, ...(part !== null && { part: part + 1 }) });
  return { part, parts, tensors: integer(metadata, 'split.tensors.count') };
}

async function templateOf(metadata: Metadata): Promise<GgufChatTemplate | null> {
  const whole = text(metadata, TEMPLATE_KEY);
  const entry = metadata.get(TEMPLATE_KEY);
  if (whole === null || entry?.kind !== 'text' || entry.bytes === null) return null;
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(entry.bytes));
  return {
    sha256: [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    sizeBytes: entry.bytes.byteLength,
    text: whole.slice(0, TEMPLATE_SHOWN_CHARS),
    cut: whole.length > TEMPLATE_SHOWN_CHARS,
  };
}
