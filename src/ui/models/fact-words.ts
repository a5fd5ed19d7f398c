import type { GgufSet, GgufSummary } from '#contracts/gguf';
import type { ModelDemand } from '#contracts/model-fit';
import { count, parameters } from '../quantities.ts';
import { templateWords } from './template-manner.ts';

function quantization({ declared, dominant, differ }: GgufSummary['quantization']): string {
  if (differ) return `${declared ?? ''} by its own word, but most of it is ${dominant ?? ''}`;
  return declared ?? dominant ?? 'not told';
}

function context(usedTokens: number, trained: number | null): string {
  const used = count(usedTokens);
  return trained === null
    ? `${used} tokens used; not told what it was trained for`
    : `${used} tokens used, trained for ${count(trained)}`;
}

/** What a file says of itself, by what people call it; only what it does say. */
export function factRows(
  summary: GgufSummary,
  { contextTokens }: Pick<ModelDemand, 'contextTokens'>,
): readonly (readonly [term: string, value: string])[] {
  const { architecture, kind, name, license, shape } = summary;
  const rows: readonly (readonly [string, string | null])[] = [
    ['Calls itself', name],
    ['Architecture', architecture],
    ['Kind', kind === 'model' ? null : kind],
    ['Parameters', parameters(summary.parameters)],
    ['Experts', shape.experts === null ? null : count(shape.experts)],
    ['Quantization', quantization(summary.quantization)],
    ['Context', context(contextTokens, shape.contextTokens)],
    ['Chat template', templateWords(summary.chatTemplate)],
    ['Licence', license],
  ];
  return rows.flatMap(([term, value]) => (value === null ? [] : [[term, value] as const]));
}

/** `mine.gguf`, or how many parts it has. */
export function fileWords({ fileNames: [first = '', ...rest] }: GgufSet): string {
  return rest.length === 0
    ? first
    : `${first} and ${count(rest.length)} further ${rest.length === 1 ? 'part' : 'parts'}`;
}
