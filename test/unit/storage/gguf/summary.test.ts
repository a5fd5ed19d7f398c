import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { GgufSummary } from '#contracts/gguf';
import { SHAPE_1M, syntheticGguf } from '../../../browser/synthetic-gguf.ts';
import {
  ggufFile,
  number,
  numbers,
  TENSOR,
  text,
  TYPE,
  u32,
  type GgufFileSpec,
} from '../../../fakes/gguf-file.ts';
import {
  inspect,
  SMALL,
  tensor,
  vocabularySpec,
  withFields,
  withoutFields,
} from '../../../fakes/gguf-models.ts';

async function summaryOf(file: GgufFileSpec | Uint8Array): Promise<GgufSummary> {
  const outcome = await inspect(file instanceof Uint8Array ? file : ggufFile(file));
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value.summary;
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');

it('tells what a file says of itself', async () => {
  const bytes = ggufFile(SMALL);
  expect(await summaryOf(bytes)).toEqual({
    version: 3,
    architecture: 'llama',
    kind: 'model',
    name: 'Small',
    license: 'mit',
    parameters: 192 + 4096 + 9,
    tensors: 3,
    tensorTypes: [
      { type: 'Q8_0', tensors: 1, parameters: 4096, sizeBytes: 4352 },
      { type: 'F32', tensors: 2, parameters: 201, sizeBytes: 804 },
    ],
    quantization: { declared: 'Q8_0', dominant: 'Q8_0', differ: false },
    shape: {
      contextTokens: 128,
      layers: 2,
      embedding: 64,
      heads: 4,
      kvHeads: 2,
      keyDimensions: 16,
      valueDimensions: 16,
      slidingWindowTokens: null,
      vocabulary: 3,
      experts: null,
    },
    // 2 layers × 2 heads × (16 + 16) numbers of 2 bytes
    kvBytesPerToken: 256,
    tokenizer: { model: 'gpt2', pre: 'qwen2' },
    chatTemplate: { sha256: sha256('{{ messages }}'), sizeBytes: 14, text: '{{ messages }}', cut: false },
    split: null,
    alignmentBytes: 32,
    // 768 and 4352 bytes are whole multiples of the alignment, 36 are filled up to 64.
    dataFromByte: bytes.byteLength - 768 - 4352 - 64,
    expectedSizeBytes: bytes.byteLength,
  });
});

interface StarterMember {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly parameters: number;
  readonly layers: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly quantization: string;
}
const { members } = JSON.parse(readFileSync('public/starter/council.json', 'utf8')) as {
  members: StarterMember[];
};

it.each(members)('reads the starter model $id as its trainer described it', async (member) => {
  const summary = await summaryOf(readFileSync(`public/starter/${member.id}.gguf`));
  expect(summary).toMatchObject({
    architecture: 'llama',
    name: `Witan ${member.name}`,
    license: 'apache-2.0',
    parameters: member.parameters,
    quantization: { declared: member.quantization, dominant: member.quantization, differ: false },
    shape: {
      contextTokens: member.context,
      layers: member.layers,
      embedding: member.embedding,
      heads: member.heads,
      kvHeads: member.kvHeads,
      keyDimensions: member.embedding / member.heads,
      vocabulary: member.vocabulary,
    },
    kvBytesPerToken: member.layers * member.embedding * 2 * 2,
    expectedSizeBytes: member.sizeBytes,
  });
});

it('reads the synthetic models of the browser tests', async () => {
  const bytes = syntheticGguf(SHAPE_1M, { seed: 1 });
  const summary = await summaryOf(bytes);
  expect(summary).toMatchObject({
    quantization: { declared: null, dominant: 'Q4_0', differ: false },
    shape: { layers: 4, heads: 4, kvHeads: 2, vocabulary: 512 },
    kvBytesPerToken: 4 * 2 * 64 * 2,
    expectedSizeBytes: bytes.byteLength,
  });
});

it('reads version 2, whose layout is the same', async () => {
  expect(await summaryOf({ ...SMALL, version: 2 })).toEqual({ ...(await summaryOf(SMALL)), version: 2 });
});

it('needs neither the last filling nor an alignment that is said', async () => {
  const spec = withoutFields('general.alignment');
  const bytes = ggufFile(spec);
  const summary = await summaryOf(bytes.slice(0, -28));
  expect(summary).toMatchObject({ alignmentBytes: 32, expectedSizeBytes: bytes.byteLength });
});

it('counts a vocabulary of 150,000 tokens over many windows', async () => {
  const summary = await summaryOf(vocabularySpec(150_000));
  expect(summary.dataFromByte).toBeGreaterThan(8 * 2 ** 20);
  expect(summary.shape.vocabulary).toBe(150_000);
});

it('says so when the tensors are not what the file type promises', async () => {
  const tensors = [
    tensor('token_embd.weight', [64, 3], TENSOR.f32, 768),
    tensor('blk.0.ffn_up.weight', [256, 4], TENSOR.q6_k, 840),
    tensor('blk.0.ffn_down.weight', [256, 2], TENSOR.q4_k, 288),
  ];
  const of = async (fileType: number): Promise<object> =>
    (await summaryOf({ ...withFields(u32('general.file_type', fileType)), tensors })).quantization;
  expect(await of(15)).toEqual({ declared: 'Q4_K_M', dominant: 'Q6_K', differ: true });
  expect(await of(18)).toEqual({ declared: 'Q6_K', dominant: 'Q6_K', differ: false });
  expect(await of(999)).toEqual({ declared: null, dominant: 'Q6_K', differ: false });
});

it('leaves to the engine what has a list by layer where others have a number', async () => {
  const lengths = numbers('llama.attention.key_length', TYPE.u32, [16, 32]);
  const { shape, kvBytesPerToken } = await summaryOf(withFields(lengths));
  expect({ layers: shape.layers, kvBytesPerToken }).toEqual({ layers: 2, kvBytesPerToken: null });
});

it('knows nothing it was not told', async () => {
  const summary = await summaryOf({
    fields: [text('general.architecture', 'rwkv7')],
    tensors: [tensor('x', [4], TENSOR.f32, 16)],
  });
  expect(summary).toMatchObject({
    architecture: 'rwkv7',
    kind: null,
    name: null,
    license: null,
    chatTemplate: null,
    kvBytesPerToken: null,
    tokenizer: { model: null, pre: null },
    shape: { contextTokens: null, layers: null, heads: null, kvHeads: null, vocabulary: null },
  });
});

it('shows the beginning of long texts and hashes the whole', async () => {
  const template = `${'ä'.repeat(70_000)}end`;
  const summary = await summaryOf(
    withFields(text('tokenizer.chat_template', template), text('general.name', 'n'.repeat(1000))),
  );
  expect(summary.chatTemplate).toEqual({
    sha256: sha256(template),
    sizeBytes: 140_003,
    text: 'ä'.repeat(65_536),
    cut: true,
  });
  expect(summary.name).toBe('n'.repeat(200));
});

it('passes over what is only shown where it has another type', async () => {
  const summary = await summaryOf(
    withFields(u32('general.name', 5), number('general.file_type', TYPE.f32, 0.5), u32('general.license', 1)),
  );
  expect(summary).toMatchObject({ name: null, license: null, quantization: { declared: null } });
});
