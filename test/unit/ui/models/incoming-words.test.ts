import { describe, expect, it } from 'vitest';
import { LLAMA_3_2_1B } from '../../../fakes/model-shapes.ts';
import type { GgufSummary } from '#contracts/gguf';
import { ggufDemand, type ModelFit } from '#contracts/model-fit';
import { factRows, fileWords } from '../../../../src/ui/models/fact-words.ts';
import { fileSets } from '../../../../src/ui/models/file-sets.ts';
import { fitReason } from '../../../../src/ui/models/fit-words.ts';
import { templateWords } from '../../../../src/ui/models/template-manner.ts';
import { ggufFile, text, u32, type GgufFileSpec } from '../../../fakes/gguf-file.ts';
import { inspect, SMALL, withFields, withoutFields } from '../../../fakes/gguf-models.ts';
import { OFFER } from '../../../fakes/models-port.ts';

const GIB = 2 ** 30;
const plainSpaces = (words: string): string => words.replaceAll('\u00a0', ' ');

async function summaryOf(spec: GgufFileSpec): Promise<GgufSummary> {
  const inspected = await inspect(ggufFile(spec));
  if (!inspected.ok) throw new Error(JSON.stringify(inspected.error));
  return inspected.value.summary;
}

async function rows(spec: GgufFileSpec): Promise<Readonly<Record<string, string>>> {
  const summary = await summaryOf(spec);
  const entries = factRows(summary, ggufDemand(summary, [1])).map(
    ([term, value]) => [term, plainSpaces(value)] as const,
  );
  return Object.fromEntries(entries);
}

describe('what a file says of itself', () => {
  it('is told by what people call it', async () => {
    expect(await rows(SMALL)).toEqual({
      'Calls itself': 'Small',
      Architecture: 'llama',
      Parameters: '4 k',
      Quantization: 'Q8_0',
      Context: '128 tokens used, trained for 128',
      'Chat template': expect.stringMatching(/^of its own \(SHA-256 [0-9a-f]{12}…\)$/) as string,
      Licence: 'mit',
    });
  });

  it('leaves out what it does not say, and tells where it says two things', async () => {
    const bare = await rows(
      withoutFields('general.name', 'general.license', 'llama.context_length', 'tokenizer.chat_template'),
    );
    expect(bare).not.toHaveProperty('Licence');
    expect(bare['Context']).toBe('4,096 tokens used; not told what it was trained for');
    expect(bare['Chat template']).toBe('none in the file: it is asked in plain text');
    const odd = await rows(withFields(u32('general.file_type', 15), text('general.type', 'adapter')));
    expect(odd['Quantization']).toBe('Q4_K_M by its own word, but most of it is Q8_0');
    expect(odd['Kind']).toBe('adapter');
    expect((await rows(withFields(u32('llama.context_length', 40_960))))['Context']).toBe(
      '4,096 tokens used, trained for 40,960',
    );
  });

  it('gives the demand: its files, and the context that is used', async () => {
    const summary = await summaryOf(SMALL);
    // 2 layers · 2 heads · (16 + 16) numbers · 2 bytes = 256 for each of 128 tokens.
    expect(ggufDemand(summary, [1_000, 3_000])).toEqual({
      weightsBytes: 4_000,
      largestFileBytes: 3_000,
      contextTokens: 128,
      cacheBytes: 256 * 128,
    });
    expect(ggufDemand({ ...summary, kvBytesPerToken: null }, [1]).cacheBytes).toBeNull();
  });
});

describe('the manner of a template', () => {
  const words = (template: string): string =>
    templateWords({ sha256: 'ab'.repeat(32), sizeBytes: 1, text: template, cut: false });

  it.each([
    ["{{ '<|im_start|>' + m.role }}", 'ChatML'],
    ["{{ '<|im_start|>' + m.role + '<|im_sep|>' }}", 'Phi-4'],
    ["{{ '[INST] <<SYS>>' }}", 'Llama 2'],
    ["{{ '[INST]' }}", 'Mistral'],
    ["{{ '<start_of_turn>' }}", 'Gemma'],
    ["{{ '<|start_header_id|>' + m.role + '<|end_header_id|>' }}", 'Llama 3'],
  ])('%s is that of %s', (template, name) => {
    expect(words(template)).toBe(`${name} (SHA-256 abababababab…)`);
  });

  it('that is not known is told by its fingerprint alone', () => {
    expect(words('{{ messages }}')).toBe('of its own (SHA-256 abababababab…)');
  });
});

describe('the fit', () => {
  const fit: ModelFit = {
    verdict: 'tight',
    reason: 'memory',
    neededBytes: 1.5 * GIB,
    availableBytes: 8 * GIB,
  };
  const reason = (change: Partial<ModelFit>): string =>
    plainSpaces(fitReason({ ...fit, ...change }, { ...OFFER.demand, shape: LLAMA_3_2_1B }));
  const NEEDS = 'needs about 1.5 GiB (weights 447 MiB, 4,096 tokens of context 48 MiB)';

  it.each([
    [
      { verdict: 'runs-well' },
      'needs about 1.5 GiB of about 8 GiB on this device (weights 447 MiB, 4,096 tokens of context 48 MiB)',
    ],
    [{}, /48 MiB\); it may leave too little for the system and other programs$/],
    [{ verdict: 'will-not-fit', availableBytes: GIB }, /of about 1 GiB .*; more than there is$/],
    [
      { reason: 'memory-untold', availableBytes: null },
      `${NEEDS}; this browser does not tell how much memory there is`,
    ],
    [{ reason: 'file-size', availableBytes: 2 * GIB }, /^one file has 447 MiB; .* up to 2 GiB$/],
    [
      { verdict: 'will-not-fit', reason: 'engine-memory', availableBytes: 4 * GIB },
      /holds 4 GiB at most, and it can use no graphics card here$/,
    ],
    // Close to the end of what the engine holds, whatever card there is.
    [{ reason: 'engine-memory', availableBytes: 4 * GIB }, /holds 4 GiB at most, which may or may not be/],
    [
      { verdict: 'runs-well', reason: 'graphics-memory', availableBytes: 6 * GIB },
      /only the graphics card .* 6 GiB could be taken, which is enough$/,
    ],
    [
      { reason: 'graphics-memory', availableBytes: 6 * GIB },
      /only the graphics card .* 6 GiB could be taken, which may or may not be enough$/,
    ],
    [{ reason: 'card-only', availableBytes: 4 * GIB }, /more than the 4 GiB .* only the graphics card/],
  ] as const)('is explained with its figures: %o', (change, words) => {
    if (typeof words === 'string') expect(reason(change)).toBe(words);
    else expect(reason(change)).toMatch(words);
  });

  it('is a least where the size of the context is not known', () => {
    expect(plainSpaces(fitReason(fit, OFFER.demand))).toContain('needs at least 1.5 GiB of about 8 GiB');
    expect(plainSpaces(fitReason(fit, { ...OFFER.demand, cacheBytes: null }))).toContain(
      'needs at least 1.5 GiB of about 8 GiB on this device (without 4,096 tokens of context, whose size is not known)',
    );
  });
});

describe('files that were given together', () => {
  const names = (...given: readonly string[]): readonly (readonly string[])[] =>
    fileSets(given.map((name) => new File([], name))).map((set) => set.map(({ name }) => name));

  it('belong together when they are parts of one name and number', () => {
    expect(
      names('a.gguf', 'm-00002-of-00002.gguf', 'n-00001-of-00002.gguf', 'm-00001-of-00002.GGUF', 'a.gguf'),
    ).toEqual([
      ['a.gguf'],
      ['m-00002-of-00002.gguf', 'm-00001-of-00002.GGUF'],
      ['n-00001-of-00002.gguf'],
      ['a.gguf'],
    ]);
  });

  it('are called by the first', async () => {
    const summary = await summaryOf(SMALL);
    expect(fileWords({ fileNames: ['a.gguf'], summary })).toBe('a.gguf');
    expect(fileWords({ fileNames: ['a', 'b'], summary })).toBe('a and 1 further part');
    expect(fileWords({ fileNames: ['a', 'b', 'c'], summary })).toBe('a and 2 further parts');
  });
});
