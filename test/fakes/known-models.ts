import type { KnownModel } from '../../src/capacity/known-model.ts';
import { LLAMA_3_2_1B } from './model-shapes.ts';

/** Llama 3.2 1B in a format that is measured. */
export function knownLlama(change: Partial<KnownModel> = {}): KnownModel {
  return {
    id: 'llama-1b',
    name: 'Llama 3.2 1B',
    family: 'Llama',
    engine: 'wllama',
    quantization: 'Q4_K_M',
    parameters: 1_235_814_400,
    fileBytes: [807_690_656],
    installed: false,
    shape: LLAMA_3_2_1B,
    trainedTokens: 131_072,
    kvBytesPerToken: null,
    ...change,
  };
}
