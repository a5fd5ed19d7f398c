import { createHash } from 'node:crypto';
import type { GgufCatalogue } from '../../src/contracts/gguf-catalogue.ts';

export const ONE_MODEL = { id: 'tiny-q8-0', name: 'Tiny' } as const;

/** Lower-case hex. */
export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const NO_SHAPE = {
  layers: null,
  heads: null,
  kvHeads: null,
  headDim: null,
  embeddingDim: null,
  feedForwardDim: null,
  vocabulary: null,
  tiedEmbeddings: null,
  attention: null,
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
};

/** A catalogue of one model, whose file `bytes` lies below `hub/` beside the app. */
export function oneModelCatalogue(bytes: Uint8Array): GgufCatalogue {
  return {
    schema: 'witan.gguf-catalogue',
    version: 1,
    date: '2026-11-21',
    mirrors: ['./hub/{repository}/{commit}/{file}'],
    sources: { test: { title: 'This test', url: null } },
    models: [
      {
        ...ONE_MODEL,
        tier: 'low',
        family: 'Llama',
        parameters: 1_000_000,
        quantization: 'Q8_0',
        repository: 'witan-test/tiny',
        commit: '0'.repeat(40),
        files: [{ role: 'weights', name: 'tiny.gguf', bytes: bytes.length, sha256: sha256Hex(bytes) }],
        contextTokens: 1024,
        licence: { spdx: 'Apache-2.0', name: 'Apache License 2.0', url: 'https://spdx.org/licenses/' },
        shape: { ...NO_SHAPE, sources: { '*': ['test'] } },
        vision: false,
        needs: [],
        sources: {},
        note: null,
      },
    ],
  };
}
