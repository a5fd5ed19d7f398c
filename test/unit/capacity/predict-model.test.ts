import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { ModelPredictionSchema } from '#contracts/capacity';
import { GgufCatalogueSchema } from '#contracts/gguf-catalogue';
import { catalogueModel } from '../../../src/capacity/known-model.ts';
import { measuredSpeed } from '../../../src/capacity/measured-speed.ts';
import { byFit, demandOfKnown, predictModel } from '../../../src/capacity/predict-model.ts';
import { predictSpeed, type Device } from '../../../src/capacity/predict-speed.ts';
import { knownLlama } from '../../fakes/known-models.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';
import { prediction } from '../../fakes/capacity-data.ts';

const QUESTION = { promptTokens: 256, answerTokens: 256 };
const DEVICE: Device = { backend: 'cpu', threads: 2, measured: measuredSpeed(calibrated()), stable: true };
const catalogue = v
  .parse(GgufCatalogueSchema, JSON.parse(readFileSync('public/catalogue/gguf.json', 'utf8')))
  .models.flatMap((model) => catalogueModel(model, false) ?? []);

describe('what a model demands', () => {
  it('is its files, and the cache of the context that it is loaded with', () => {
    expect(demandOfKnown(knownLlama({ fileBytes: [3e8, 5e8] }))).toMatchObject({
      weightsBytes: 8e8,
      largestFileBytes: 5e8,
      contextTokens: 4096,
      cacheBytes: 2 ** 27,
    });
  });

  it('has the cache that the file tells of where the shape does not, or none that is known', () => {
    const shape = { ...LLAMA_3_2_1B, kvHeads: null };
    expect(demandOfKnown(knownLlama({ shape, kvBytesPerToken: 1000 })).cacheBytes).toBe(4_096_000);
    expect(demandOfKnown(knownLlama({ shape })).cacheBytes).toBeNull();
  });
});

it.each(['cpu', 'webgpu'] as const)(
  'every model of the catalogue is a row of the document: %s',
  (backend) => {
    const device = { ...DEVICE, backend };
    for (const model of catalogue) {
      const told = predictModel(model, device, QUESTION);
      const row = { ...told, engine: 'wllama', fits: 'tight', fitReason: 'So.' } as const;
      expect(v.parse(ModelPredictionSchema, row), model.id).toEqual(row);
      const parts = told.memoryParts === null ? null : Object.values(told.memoryParts);
      const sum = parts?.reduce((total, bytes) => total + bytes, 0) ?? told.memory?.median;
      expect(present(told.memory, 'memory').median / (sum ?? 0)).toBeCloseTo(1, 12);
    }
  },
);

it('knows the parts of most of the catalogue', () => {
  const known = catalogue.filter((model) => predictModel(model, DEVICE, QUESTION).memoryParts !== null);
  expect(known.length).toBeGreaterThan(catalogue.length / 2);
});

it('asks a short context what it can hold', () => {
  const short = knownLlama({ trainedTokens: 300 });
  const told = predictModel(short, DEVICE, QUESTION);
  expect(told).toMatchObject({ contextTokens: 300, promptTokens: 150 });
  expect(told).toMatchObject(predictSpeed(short, DEVICE, { promptTokens: 150, answerTokens: 150 }));
  expect(predictModel(knownLlama(), DEVICE, QUESTION).promptTokens).toBe(256);
});

it('tells of memory before the device was measured', () => {
  const told = predictModel(knownLlama(), { ...DEVICE, measured: null }, QUESTION);
  expect(told).toMatchObject({ tokensPerSecond: null, ttft: null, caveats: ['not-measured'] });
  expect(told.memory).toEqual(predictModel(knownLlama(), DEVICE, QUESTION).memory);
});

it('lists what fits first, then the smallest, then by name; what has no size last', () => {
  const of = (name: string, fits: 'runs-well' | 'tight' | 'will-not-fit', bytes: number | null) =>
    prediction({ name, fits, memory: bytes === null ? null : { low: bytes, median: bytes, high: bytes } });
  const sorted = [
    of('b', 'runs-well', 1),
    of('c', 'runs-well', 1),
    of('a', 'runs-well', 2),
    of('f', 'runs-well', null),
    of('g', 'runs-well', null),
    of('d', 'tight', 0),
    of('e', 'will-not-fit', 0),
  ];
  expect([...sorted].reverse().sort(byFit)).toEqual(sorted);
});
