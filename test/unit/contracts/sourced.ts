import { expect } from 'vitest';
import type { SourcedShape } from '#contracts/model-facts';
import { ModelShapeSchema } from '#contracts/model-shape';

/** Every key leads to a source of the document. */
export function expectKnown(keys: readonly string[], sources: Readonly<Record<string, unknown>>): void {
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.filter((key) => !(key in sources))).toEqual([]);
}

/** A shape that could be one, each figure with a source of the document. */
export function expectSoundShape(
  shape: SourcedShape,
  documentSources: Readonly<Record<string, unknown>>,
): void {
  const { sources, attention, layers, heads, kvHeads, fullHeadDim, sharedKv } = shape;
  for (const [figure, value] of Object.entries(shape)) {
    if (figure === 'sources' || value === null) continue;
    expectKnown(sources[figure] ?? sources['*'] ?? [], documentSources);
  }
  const figures = Object.keys(ModelShapeSchema.entries);
  expect(Object.keys(sources).filter((figure) => figure !== '*' && !figures.includes(figure))).toEqual([]);
  if (heads !== null && kvHeads !== null) expect(heads % kvHeads).toBe(0);
  if (attention === null) return;
  expect(attention.full + attention.sliding + attention.recurrent).toBe(layers);
  expect(attention.windowTokens === null).toBe(attention.sliding === 0);
  expect(sharedKv.full).toBeLessThanOrEqual(attention.full);
  expect(sharedKv.sliding).toBeLessThanOrEqual(attention.sliding);
  if (fullHeadDim !== null) expect(fullHeadDim).not.toBe(shape.headDim);
}
