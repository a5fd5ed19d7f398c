import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tensorsOfLibrary } from '../../../../src/hardware/synthetic/mlc-tensors.ts';
import { LIBRARY_PARAMETERS, type LibraryParameter } from '../../../fakes/model-library.ts';

const of = (parameters: readonly LibraryParameter[], vocabulary: number | null = null) =>
  tensorsOfLibrary(
    { parameters: parameters.map((each) => ({ ...each, shape: [...each.shape] })) },
    vocabulary,
    'Tiny',
  );

const TABLE = { name: 'transformer.wte.weight', shape: ['vocab_size', 64], dtype: 'float16' };

describe('tensorsOfLibrary', () => {
  it('counts bytes by the format of the numbers, and tokens by the rows of their table', () => {
    expect(of(LIBRARY_PARAMETERS)).toMatchObject({
      ok: true,
      value: { vocabulary: 600, largestTensorBytes: 600 * 8 * 4 },
    });
    const found = of(LIBRARY_PARAMETERS);
    expect(found.ok && found.value.tensors.map(({ nbytes }) => nbytes).slice(0, 3)).toEqual([
      19_200, 2_400, 6_144,
    ]);
  });

  it('takes a vocabulary that the library leaves open from whoever knows it, and from nobody else', () => {
    const found = of([TABLE], 50_257);
    expect(found).toMatchObject({ ok: true, value: { vocabulary: 50_257, weightBytes: 50_257 * 64 * 2 } });
    const refused = { ok: false, error: { code: 'request-unsupported', details: { model: 'Tiny' } } };
    expect(of([TABLE])).toMatchObject({ ...refused, error: { details: { reason: 'open-dimension' } } });
    const other = { ...TABLE, shape: ['experts', 64] };
    expect(of([other], 50_257)).toMatchObject({
      ...refused,
      error: { details: { reason: 'open-dimension' } },
    });
  });

  it.each([
    ['number-format', { ...TABLE, dtype: 'float8_e4m3' }],
    ['vocabulary', { ...TABLE, shape: [257, 64] }],
    ['vocabulary', { ...TABLE, name: 'model.layers.0.mlp.weight', shape: [600, 64] }],
    ['vocabulary', { ...TABLE, name: 'transformer.wte.bias', shape: [600] }],
  ])('refuses with the reason %s', (reason, parameter) => {
    expect(of([parameter])).toMatchObject({ error: { code: 'request-unsupported', details: { reason } } });
  });

  it('has every parameter of the document, and their bytes add up', () => {
    const parameter = fc.record({
      name: fc.string({ minLength: 1 }),
      shape: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 3 }),
      dtype: fc.constantFrom('float16', 'float32', 'uint32'),
    });
    fc.assert(
      fc.property(fc.array(parameter, { maxLength: 20 }), (others) => {
        const parameters = [{ ...TABLE, shape: [600, 64] }, ...others];
        const found = of(parameters);
        expect(
          found.ok && found.value.tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
        ).toEqual(parameters);
        const bytes = parameters.map(
          ({ shape, dtype }) => shape.reduce((all, size) => all * size, 1) * (dtype === 'float16' ? 2 : 4),
        );
        expect(found).toMatchObject({
          ok: true,
          value: { weightBytes: bytes.reduce((a, b) => a + b, 0), largestTensorBytes: Math.max(...bytes) },
        });
      }),
    );
  });
});
