import { SYNTHETIC_QUANTIZATIONS } from '../../src/contracts/capacity.ts';
import type { SyntheticShape } from '../../src/hardware/synthetic/tensors.ts';
import { measureInPage } from './engine-session.ts';

/**
 * Loads synthetic models of several shapes, as the app does, and measures how fast each reads and writes: what predictions
 * are fitted to, and judged by. Prints one JSON document a line, one for each shape and quantization; sizes in bytes.
 *
 *     npx tsx tools/measure/synthetic-speeds.ts [SHAPE,SHAPE,...] [QUANTIZATION,...] [THREADS] [CONTEXT,...] [REPEATS]
 */
const shape = (
  layers: number,
  embedding: number,
  feedForward: number,
  kvHeads: number,
  vocabulary: number,
): SyntheticShape => ({
  layers,
  embedding,
  feedForward,
  heads: embedding / 64,
  kvHeads,
  headDim: 64,
  vocabulary,
  tied: true,
});

/** Small ones to fit to, of 6 to 40 million parameters; and SmolLM2's (config.json of HuggingFaceTB/SmolLM2-135M and -360M). */
const SHAPES: Readonly<Record<string, SyntheticShape>> = {
  deep: shape(20, 256, 768, 2, 4096),
  small: shape(12, 384, 1024, 2, 8192),
  wide: shape(6, 640, 1792, 5, 16_384),
  'SmolLM2-135M': shape(30, 576, 1536, 3, 49_152),
  'SmolLM2-360M': shape(32, 960, 2560, 5, 49_152),
};

const [
  names = Object.keys(SHAPES).join(','),
  quantizations = 'Q4_0,Q8_0',
  threads = '1',
  contexts = '128,1024',
  repeats = '3',
] = process.argv.slice(2);

for (const quantization of SYNTHETIC_QUANTIZATIONS.filter((each) =>
  quantizations.split(',').includes(each),
)) {
  for (const name of names.split(',')) {
    const measured = SHAPES[name];
    if (measured === undefined) throw new Error(`no shape ${name}`);
    const placement = { backend: 'cpu' as const, threads: Number(threads) };
    const lengths = contexts.split(',').map(Number);
    const found = await measureInPage(
      'cpu',
      'speeds',
      measured,
      quantization,
      placement,
      lengths,
      Number(repeats),
    );
    const report = {
      schema: 'witan.measure.synthetic-speeds',
      version: 1,
      name,
      quantization,
      threads: Number(threads),
      shape: measured,
      ...found,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}
