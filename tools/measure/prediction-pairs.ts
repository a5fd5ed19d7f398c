import type { ModelShape } from '../../src/contracts/model-shape.ts';
import { batchTokens, measuredSpeed, nearestQuantization } from '../../src/capacity/measured-speed.ts';
import { UNLIKE } from '../../src/capacity/predict-speed.ts';
import { tokenWork } from '../../src/capacity/token-work.ts';
import { median, quantile } from '../../src/kernel/statistics-order.ts';
import { measureInPage } from './engine-session.ts';

/**
 * Measures this device as the app does, predicts SmolLM2's shapes from that, and runs models of random weights of these
 * shapes to compare: a line for each measurement and for each pair, then one document that sums them up. Times in ms. Ten
 * minutes to half an hour. With `card` the WebGPU adapter of the browser that CHROME_F16_PATH names.
 *
 *     npx tsx tools/measure/prediction-pairs.ts [THREADS|card] [CONTEXT,...] [ROUNDS]
 */
const llamaShape = (
  layers: number,
  embedding: number,
  feedForward: number,
  kvHeads: number,
  vocabulary = 49_152,
): ModelShape => ({
  layers,
  heads: embedding / 64,
  kvHeads,
  headDim: 64,
  embeddingDim: embedding,
  feedForwardDim: feedForward,
  vocabulary,
  tiedEmbeddings: true,
  attention: { full: layers, sliding: 0, recurrent: 0, windowTokens: null },
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
});

/** config.json of HuggingFaceTB/SmolLM2-135M and -360M. */
const SMOL: Readonly<Record<string, ModelShape>> = {
  'SmolLM2-135M': llamaShape(30, 576, 1536, 3),
  'SmolLM2-360M': llamaShape(32, 960, 2560, 5),
};
/** 54 and 84 million parameters: a software adapter takes longer for a batch of larger ones than the engine waits. */
const MEDIUM: Readonly<Record<string, ModelShape>> = {
  'llama-54M': llamaShape(12, 512, 1536, 4, 32_768),
  'llama-84M': llamaShape(20, 512, 1536, 4, 40_960),
};
const QUANTIZATIONS = ['Q4_0', 'Q8_0'] as const;

const [threadsText = '2', contextsText = '128,256,512,1024', roundsText = '1'] = process.argv.slice(2);
const backend = threadsText === 'card' ? 'webgpu' : 'cpu';
const threads = backend === 'cpu' ? Number(threadsText) : 1;
const targets = backend === 'cpu' ? SMOL : MEDIUM;
const contexts = contextsText.split(',').map(Number);

interface Pair {
  readonly what: 'decode' | 'prefill';
  readonly error: number;
  readonly inside: boolean;
}
const pairs: Pair[] = [];

for (let round = 0; round < Number(roundsText); round += 1) {
  for (const [name, shape] of Object.entries(targets)) {
    for (const quantization of QUANTIZATIONS) {
      const measurement = await measureInPage(backend, 'calibration', { backend, threads });
      const device = measuredSpeed(measurement);
      const nearest = device === null ? null : nearestQuantization(quantization, device.model.quantizations);
      if (device === null || nearest === null) throw new Error('too little was measured');
      const synthetic = {
        layers: shape.layers ?? 0,
        embedding: shape.embeddingDim ?? 0,
        feedForward: shape.feedForwardDim ?? 0,
        heads: shape.heads ?? 0,
        kvHeads: shape.kvHeads ?? 0,
        headDim: 64,
        vocabulary: shape.vocabulary ?? 0,
        tied: true,
      };
      const placement = { backend, threads } as const;
      const { loaded, sizeBytes, runs } = await measureInPage(
        backend,
        'speeds',
        synthetic,
        quantization,
        placement,
        contexts,
        1,
      );
      const work = tokenWork({
        shape,
        quantization: nearest.quantization,
        weightsBytes: loaded.memory.weightsBytes,
        parameters: null,
        batchTokens: batchTokens(backend, sizeBytes, threads),
      });
      if (work === null) throw new Error('a synthetic shape is known');
      process.stdout.write(
        `${JSON.stringify({ name, quantization, sizeBytes, loaded, runs, measurement })}\n`,
      );
      for (const run of runs) {
        const { promptTokens, prefillTokensPerSecond, decodeTokensPerSecond } = run;
        const contextTokens = run.contextTokens - run.completionTokens / 2;
        const unlike = nearest.exact ? 0 : UNLIKE['other-quantization'];
        const predicted = device.model.predict({ work, promptTokens, contextTokens }, unlike);
        const found = {
          decode: 1000 / (decodeTokensPerSecond ?? NaN),
          prefill: (1000 * promptTokens) / (prefillTokensPerSecond ?? NaN),
        };
        for (const what of ['decode', 'prefill'] as const) {
          const estimate = predicted[`${what}Ms`];
          const pair = {
            name,
            quantization,
            promptTokens,
            what,
            measured: found[what],
            ...estimate,
            error: estimate.median / found[what] - 1,
            inside: found[what] >= estimate.low && found[what] <= estimate.high,
            calibrationMs: measurement.wallMs,
            stable: measurement.stable,
            measuredFormat: nearest.exact,
          };
          pairs.push(pair);
          process.stdout.write(`${JSON.stringify(pair)}\n`);
        }
      }
    }
  }
}

const summary = (what: Pair['what']): Readonly<Record<'pairs' | 'median' | 'p90' | 'most', number>> => {
  const errors = pairs.filter((pair) => pair.what === what).map(({ error }) => Math.abs(error));
  return {
    pairs: errors.length,
    median: median(errors),
    p90: quantile(errors, 0.9),
    most: Math.max(...errors),
  };
};
const report = {
  schema: 'witan.measure.prediction-pairs',
  version: 1,
  backend,
  threads,
  pairs: pairs.length,
  decode: summary('decode'),
  prefill: summary('prefill'),
  covered: pairs.filter(({ inside }) => inside).length / pairs.length,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
