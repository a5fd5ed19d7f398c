import type { WitanFailure } from './errors.ts';
import { GGUF_REFUSALS, type GgufRefusal } from './gguf.ts';

/** What is wrong with the file, for people; the figures stand in the failure's details. */
const REASONS: Readonly<Record<GgufRefusal, string>> = {
  'not-gguf': 'This is not a GGUF file.',
  'version-1':
    'The file has version 1 of the format, which is no longer read. Newer conversions of the model exist.',
  'version-unknown': 'The file has a version of the format that is not known here.',
  'big-endian': 'The file was written for big-endian computers. Look for the little-endian one.',
  truncated: 'The file ends in the middle of its description. It was not fetched or copied to the end.',
  'header-too-large': 'The description at the beginning of the file is far larger than any real model has.',
  'too-many-keys': 'The file claims more entries in its description than any real model has.',
  'too-many-tensors': 'The file claims more tensors than any real model has.',
  'key-name': 'An entry of the description has no valid name.',
  'key-duplicate': 'An entry stands twice in the description.',
  'key-type': 'An entry of the description has another type than the format demands.',
  'value-type': 'An entry of the description has a type that the format does not have.',
  'value-invalid': 'An entry of the description has a value that its type does not allow.',
  'string-too-long': 'A text in the description is longer than any real model has.',
  'array-too-long': 'A list in the description is longer than any real model has.',
  'array-nested': 'The description has lists within lists, which the engine does not read.',
  alignment: 'The alignment is not a power of two between 8 and 65,536 bytes.',
  architecture: 'The file does not say which architecture the model has.',
  shape: 'The layers, heads or lengths that the file gives are impossible.',
  'vocabulary-mismatch': 'The lists of the vocabulary have different lengths.',
  'no-tensors': 'There is no model in the file, only a description.',
  'tensor-name': 'A tensor has no valid name.',
  'tensor-duplicate': 'Two tensors have the same name.',
  'tensor-dimensions': 'A tensor has impossible dimensions.',
  'tensor-type': 'A tensor has a type that is not known here.',
  'tensor-row': 'The rows of a tensor do not fit its quantization.',
  'tensor-unaligned': 'A tensor does not begin where the alignment allows.',
  'tensor-outside': 'The file ends before its last tensor. It was not fetched or copied to the end.',
  'tensor-overlap': 'Two tensors claim the same bytes.',
  'tensor-order': 'The tensors do not follow each other without gaps, as the engine demands.',
  'split-info': 'What the file says of its place in a set of parts is impossible.',
  'split-name': 'The file name and the file disagree about which part this is.',
  'split-part-missing': 'A part of the model is missing.',
  'split-part-double': 'A part of the model is there twice.',
  'split-part-foreign': 'The parts do not belong to the same model.',
  'split-tensor-count': 'The parts together do not have the tensors that the model should have.',
};

function isRefusal(reason: unknown): reason is GgufRefusal {
  return GGUF_REFUSALS.some((known) => known === reason);
}

/** Which parts are missing, and how the first of them is probably called. */
function missingParts({
  missing,
  missingParts: absent,
  parts,
  file,
}: WitanFailure['details']): string | null {
  if (missing === undefined || parts === undefined) return null;
  const several = absent !== 1;
  const more = several && String(missing).split(', ').length < Number(absent) ? ' and more' : '';
  const called = file === undefined ? '' : several ? `, beginning with ${String(file)}` : `, ${String(file)}`;
  const which = several ? `Parts ${String(missing)}${more}` : `Part ${String(missing)}`;
  const are = several ? 'are' : 'is';
  return `${which} of ${String(parts)}${called}${called === '' ? '' : ','} ${are} missing. Add all parts together.`;
}

/** The sentence for a file that the GGUF parser refused; null for every other failure. */
export function ggufRefusalText({ code, details }: WitanFailure): string | null {
  if (code !== 'model-invalid' || !isRefusal(details['reason'])) return null;
  const parts = details['reason'] === 'split-part-missing' ? missingParts(details) : null;
  return parts ?? REASONS[details['reason']];
}
