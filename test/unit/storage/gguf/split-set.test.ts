import { expect, it } from 'vitest';
import { checkSet, type GgufPart } from '../../../../src/storage/gguf/split-set.ts';
import {
  ggufFile,
  number,
  TENSOR,
  text,
  TYPE,
  type GgufField,
  type GgufTensor,
} from '../../../fakes/gguf-file.ts';
import { inspect, SMALL, SMALL_FIELDS, tensor } from '../../../fakes/gguf-models.ts';

interface PartSpec {
  readonly part: number;
  readonly parts?: number;
  readonly tensors?: readonly GgufTensor[];
  readonly fields?: readonly GgufField[];
  /** Tensors of all parts as the part says it. */
  readonly total?: number | null;
  readonly version?: number;
  readonly fileName?: string;
}

const digits = (count: number): string => String(count).padStart(5, '0');

/** A part as gguf-split writes it: the first has all entries, the others only those of the set. */
async function part(spec: PartSpec): Promise<GgufPart> {
  const { parts = 3, total = 3 } = spec;
  const bytes = ggufFile({
    ...(spec.version !== undefined && { version: spec.version }),
    fields: [
      ...(spec.fields ?? (spec.part === 0 ? SMALL_FIELDS : [])),
      number('split.no', TYPE.u16, spec.part),
      number('split.count', TYPE.u16, parts),
      ...(total === null ? [] : [number('split.tensors.count', TYPE.i32, total)]),
    ],
    tensors: spec.tensors ?? [tensor(`t${spec.part}`, [32, 2], TENSOR.q8_0, 68)],
  });
  const outcome = await inspect(bytes);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return {
    fileName: spec.fileName ?? `small-${digits(spec.part + 1)}-of-${digits(parts)}.gguf`,
    inspected: outcome.value,
  };
}

async function setOf(...specs: readonly PartSpec[]): Promise<readonly GgufPart[]> {
  return Promise.all(specs.map(part));
}

it('takes a file that is no part as it is', async () => {
  const outcome = await inspect(ggufFile(SMALL));
  if (!outcome.ok) throw new Error('the small model must be fine');
  const inspected = outcome.value;
  expect(checkSet([{ fileName: 'small.gguf', inspected }])).toEqual({
    ok: true,
    value: { fileNames: ['small.gguf'], summary: inspected.summary },
  });
});

it('puts the parts in order and sums them up', async () => {
  const parts = await setOf({ part: 2 }, { part: 0 }, { part: 1 });
  const set = checkSet(parts);
  expect(set.ok && set.value.fileNames).toEqual([
    'small-00001-of-00003.gguf',
    'small-00002-of-00003.gguf',
    'small-00003-of-00003.gguf',
  ]);
  expect(set.ok && set.value.summary).toMatchObject({
    architecture: 'llama',
    name: 'Small',
    parameters: 192,
    tensors: 3,
    tensorTypes: [{ type: 'Q8_0', tensors: 3, parameters: 192, sizeBytes: 204 }],
    quantization: { declared: 'Q8_0', dominant: 'Q8_0', differ: false },
    kvBytesPerToken: 256,
    expectedSizeBytes: parts.reduce((sum, { inspected }) => sum + inspected.summary.expectedSizeBytes, 0),
  });
});

it('takes a first part without tensors, and names without numbers', async () => {
  const parts = await setOf(
    { part: 0, parts: 2, total: 1, tensors: [], fileName: 'a.gguf' },
    { part: 1, parts: 2, total: 1, fileName: 'b.gguf' },
  );
  expect(checkSet(parts)).toMatchObject({ ok: true, value: { fileNames: ['a.gguf', 'b.gguf'] } });
});

const foreign = text('general.architecture', 'qwen3');

it.each<readonly [string, string, readonly PartSpec[], Readonly<Record<string, string | number>>]>([
  [
    'split-part-missing',
    'the last part',
    [{ part: 0 }, { part: 1 }],
    { missing: '3', missingParts: 1, parts: 3, file: 'small-00003-of-00003.gguf' },
  ],
  ['split-part-missing', 'all but one', [{ part: 1 }], { missing: '1, 3', missingParts: 2 }],
  [
    'split-part-missing',
    'very many',
    [{ part: 0, parts: 65_535 }],
    { missing: '2, 3, 4, 5, 6, 7, 8, 9', missingParts: 65_534 },
  ],
  ['split-part-missing', 'no file at all', [], {}],
  ['split-part-double', 'a part twice', [{ part: 0 }, { part: 1 }, { part: 1 }], { part: 2 }],
  [
    'split-part-foreign',
    'a part of a larger set',
    [{ part: 0 }, { part: 1, parts: 4 }, { part: 2 }],
    { parts: 4 },
  ],
  [
    'split-part-foreign',
    'another architecture',
    [{ part: 0 }, { part: 1 }, { part: 2, fields: [foreign] }],
    { file: 'small-00003-of-00003.gguf' },
  ],
  ['split-part-foreign', 'another version', [{ part: 0 }, { part: 1, version: 2 }, { part: 2 }], {}],
  ['split-part-foreign', 'another count of tensors', [{ part: 0 }, { part: 1, total: 9 }, { part: 2 }], {}],
  [
    'split-tensor-count',
    'a tensor too few',
    [
      { part: 0, total: 4 },
      { part: 1, total: 4 },
      { part: 2, total: null },
    ],
    { tensors: 3, expected: 4 },
  ],
  [
    'tensor-duplicate',
    'the same tensor in two parts',
    [{ part: 0 }, { part: 1, tensors: [tensor('t0', [32], TENSOR.q8_0, 34)] }, { part: 2 }],
    { tensor: 't0' },
  ],
  [
    'split-name',
    'a file with the name of another part',
    [{ part: 0 }, { part: 1, fileName: 'small-00003-of-00003.gguf' }, { part: 2 }],
    { part: 2, parts: 3 },
  ],
  [
    'no-tensors',
    'parts without any tensor',
    [
      { part: 0, parts: 2, total: 0, tensors: [] },
      { part: 1, parts: 2, total: 0, tensors: [] },
    ],
    {},
  ],
])('refuses %s: %s', async (reason, _case, specs, details) => {
  expect(checkSet(await setOf(...specs))).toMatchObject({
    ok: false,
    error: { code: 'model-invalid', details: { reason, ...details } },
  });
});

it('refuses a whole model among parts', async () => {
  const outcome = await inspect(ggufFile(SMALL));
  if (!outcome.ok) throw new Error('the small model must be fine');
  const parts = [...(await setOf({ part: 0 })), { fileName: 'other.gguf', inspected: outcome.value }];
  expect(checkSet(parts)).toMatchObject({
    ok: false,
    error: { details: { reason: 'split-part-foreign', file: 'other.gguf' } },
  });
});
