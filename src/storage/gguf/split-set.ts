import { err, ok } from '#kernel/result';
import { failureOf, type Outcome } from '#contracts/errors';
import type { GgufSet, GgufSplit, GgufSummary } from '#contracts/gguf';
import type { InspectedGguf } from './inspect.ts';
import { joinedShares, quantizationOf } from './quantization.ts';
import { refused } from './refusal.ts';

/** A file of a set that was looked at. */
export interface GgufPart {
  readonly fileName: string;
  readonly inspected: InspectedGguf;
}

interface PlacedPart extends GgufPart {
  readonly split: GgufSplit;
}

/** `model-00001-of-00003.gguf` (gguf.md, "Shard"). */
const PART_NAME = /-(\d{5})-of-(\d{5})\.gguf$/i;

/**
 * Proves that files are one whole model: a file that is no part, or every part of a set once.
 * @returns the files in order, and the model as if it were one file
 * Errors: model-invalid with the reason (`split-…`, tensor-duplicate) and the file or the parts concerned.
 */
export function checkSet(parts: readonly GgufPart[]): Outcome<GgufSet> {
  try {
    const [only] = parts;
    if (parts.length === 1 && only?.inspected.summary.split === null)
      return ok({ fileNames: [only.fileName], summary: only.inspected.summary });
    const placed = parts.map(placedPart).sort((a, b) => a.split.part - b.split.part);
    checkComplete(placed);
    checkTogether(placed);
    return ok({ fileNames: placed.map(({ fileName }) => fileName), summary: joined(placed) });
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}

function placedPart({ fileName, inspected }: GgufPart): PlacedPart {
  const { split } = inspected.summary;
  if (split === null) throw refused('split-part-foreign', { file: fileName });
  const named = PART_NAME.exec(fileName);
  if (named !== null && (Number(named[1]) !== split.part + 1 || Number(named[2]) !== split.parts))
    throw refused('split-name', { file: fileName, part: split.part + 1, parts: split.parts });
  return { fileName, inspected, split };
}

/** Missing parts are listed up to here, the rest counted. */
const LISTED = 8;

function checkComplete(placed: readonly PlacedPart[]): void {
  const parts = placed[0]?.split.parts ?? 0;
  const present = new Set<number>();
  for (const { fileName, split } of placed) {
    if (split.parts !== parts) throw refused('split-part-foreign', { file: fileName, parts: split.parts });
    if (present.has(split.part)) throw refused('split-part-double', { file: fileName, part: split.part + 1 });
    present.add(split.part);
  }
  const absent = Array.from({ length: parts }, (_, part) => part).filter((part) => !present.has(part));
  if (absent.length === 0 && parts > 0) return;
  const missing = absent.slice(0, LISTED).map((part) => part + 1);
  const file = missingName(placed[0]?.fileName ?? '', missing[0] ?? 1);
  throw refused('split-part-missing', {
    ...{ missing: missing.join(', '), missingParts: absent.length, parts },
    ...(file !== null && { file }),
  });
}

/** The first missing part's file by the name of one that is there: they differ in their number alone. */
function missingName(present: string, part: number): string | null {
  if (!PART_NAME.test(present)) return null;
  return present.replace(PART_NAME, `-${String(part).padStart(5, '0')}-of-$2.gguf`);
}

function checkTogether(placed: readonly PlacedPart[]): void {
  const first = placed[0]?.inspected.summary;
  const names = new Set<string>();
  for (const { fileName, inspected, split } of placed) {
    const { architecture, version, tensors } = inspected.summary;
    const same =
      version === first?.version &&
      architecture === (architecture === null ? null : first.architecture) &&
      (split.tensors ?? first.split?.tensors) === first.split?.tensors;
    if (!same) throw refused('split-part-foreign', { file: fileName, tensors });
    for (const name of inspected.tensorNames) {
      if (names.has(name)) throw refused('tensor-duplicate', { file: fileName, tensor: name });
      names.add(name);
    }
  }
  const expected = first?.split?.tensors ?? names.size;
  if (names.size !== expected) throw refused('split-tensor-count', { tensors: names.size, expected });
}

function joined(placed: readonly PlacedPart[]): GgufSummary {
  const summaries = placed.map(({ inspected }) => inspected.summary);
  const [first] = summaries;
  if (first === undefined) throw refused('split-part-missing', { parts: 0 });
  const total = (figure: (summary: GgufSummary) => number): number =>
    summaries.reduce((sum, summary) => sum + figure(summary), 0);
  const tensorTypes = joinedShares(summaries.map((summary) => summary.tensorTypes));
  const parameters = total((summary) => summary.parameters);
  if (parameters === 0) throw refused('no-tensors');
  return {
    ...first,
    parameters,
    tensors: total((summary) => summary.tensors),
    tensorTypes,
    quantization: quantizationOf(first.quantization.declared, tensorTypes),
    expectedSizeBytes: total((summary) => summary.expectedSizeBytes),
  };
}
