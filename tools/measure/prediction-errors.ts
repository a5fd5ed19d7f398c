import { readFileSync } from 'node:fs';
import type { ModelShape } from '../../src/contracts/model-shape.ts';
import { SpeedModel, type SpeedSample } from '../../src/capacity/speed-model.ts';
import { tokenWork } from '../../src/capacity/token-work.ts';
import type { SyntheticShape } from '../../src/hardware/synthetic/tensors.ts';
import { quantile } from '../../src/kernel/statistics-order.ts';
import type { Speeds } from './engine-page/speeds.ts';

/**
 * Fits predictions to what `synthetic-speeds.ts` measured of some shapes, and compares them with what it measured of the
 * others, each quantization for itself. Prints one JSON document with a row for each pair; times in ms.
 *
 *     npx tsx tools/measure/prediction-errors.ts FITTED,FITTED,... FILE...
 */
interface Measured extends Speeds {
  readonly name: string;
  readonly quantization: string;
  readonly threads: number;
  readonly shape: SyntheticShape;
}

function shapeOf(shape: SyntheticShape): ModelShape {
  return {
    layers: shape.layers,
    heads: shape.heads,
    kvHeads: shape.kvHeads,
    headDim: shape.headDim,
    embeddingDim: shape.embedding,
    feedForwardDim: shape.feedForward,
    vocabulary: shape.vocabulary,
    tiedEmbeddings: shape.tied,
    attention: { full: shape.layers, sliding: 0, recurrent: 0, windowTokens: null },
    fullHeadDim: null,
    sharedKv: { full: 0, sliding: 0 },
  };
}

function samplesOf({ shape, loaded, runs }: Measured): SpeedSample[] {
  const work = tokenWork(shapeOf(shape), loaded.memory.weightsBytes);
  if (work === null) throw new Error('a synthetic shape is known');
  return runs.map((run) => ({
    work,
    promptTokens: run.promptTokens,
    prefillMs: (1000 * run.promptTokens) / (run.prefillTokensPerSecond ?? NaN),
    contextTokens: run.contextTokens - run.completionTokens / 2,
    decodeMs: 1000 / (run.decodeTokensPerSecond ?? NaN),
  }));
}

const [fitted = '', ...files] = process.argv.slice(2);
const measured = files.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Measured),
);
const rows = [...new Set(measured.map(({ quantization }) => quantization))].flatMap((quantization) => {
  const same = measured.filter((each) => each.quantization === quantization);
  const [from, to] = [true, false].map((wanted) =>
    same.filter(({ name }) => fitted.split(',').includes(name) === wanted),
  );
  const model = new SpeedModel((from ?? []).flatMap(samplesOf));
  return (to ?? []).flatMap((each) =>
    samplesOf(each).flatMap((sample) => {
      const predicted = model.predict(sample);
      return (['decodeMs', 'prefillMs'] as const).map((what) => {
        const { median, low, high } = predicted[what];
        const found = sample[what];
        return {
          name: each.name,
          quantization,
          promptTokens: sample.promptTokens,
          what,
          measured: found,
          median,
          low,
          high,
          error: median / found - 1,
          inside: found >= low && found <= high,
        };
      });
    }),
  );
});
const errors = (
  what: string,
): { readonly median: number; readonly p90: number; readonly covered: number } => {
  const of = rows.filter((row) => row.what === what);
  const sizes = of.map(({ error }) => Math.abs(error));
  return {
    median: quantile(sizes, 0.5),
    p90: quantile(sizes, 0.9),
    covered: of.filter(({ inside }) => inside).length / of.length,
  };
};
const report = {
  schema: 'witan.measure.prediction-errors',
  version: 1,
  fitted,
  decode: errors('decodeMs'),
  prefill: errors('prefillMs'),
  rows,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
