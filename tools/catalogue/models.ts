import type { LicenceKey } from './licences.ts';
import type { ShapeKey } from './shapes.ts';
import type { SourceKey } from './sources.ts';

export interface ModelRow {
  readonly shape: ShapeKey;
  readonly licence: LicenceKey | null;
  readonly sources: { readonly shape?: SourceKey[]; readonly licence?: SourceKey[] };
}

type Licence = readonly [licence: LicenceKey, ...sources: SourceKey[]];

/** @param shapeSources that the shape is this model's too, where the shape's own sources do not say so */
function model(
  shape: ShapeKey,
  licence: Licence | null = null,
  shapeSources: readonly SourceKey[] = [],
): ModelRow {
  const [key = null, ...licenceSources] = licence ?? [];
  return {
    shape,
    licence: key,
    sources: {
      ...(shapeSources.length === 0 ? {} : { shape: [...shapeSources] }),
      ...(licenceSources.length === 0 ? {} : { licence: licenceSources }),
    },
  };
}

/** It runs on the library of the model that the shape is named for, and Qwen2's libraries fix the vocabulary too. */
const BY_QWEN_LIBRARY = ['web-llm-list', 'mlc-qwen2'] as const;
const MINISTRAL = 'ministral-3-3b';
const OF_ALL_MINISTRAL = ['mlc-presets'] as const;

/** Models of web-llm's list without quantization, in its order. No licence: no source was found that names one. */
export const MODELS: Readonly<Record<string, ModelRow>> = {
  'Llama-3.2-1B-Instruct': model('llama-3.2-1b', ['llama3.2', 'wm-llama-3-2-1b']),
  'Llama-3.2-3B-Instruct': model('llama-3.2-3b', ['llama3.2', 'wm-llama-3-2-3b']),
  'Llama-3.1-8B-Instruct': model('llama-3.1-8b', ['llama3.1', 'notice-tulu-3']),
  'DeepSeek-R1-Distill-Qwen-7B': model('qwen2-7b', ['mit', 'card-r1'], ['config-r1-qwen-7b']),
  'DeepSeek-R1-Distill-Llama-8B': model('llama-3.1-8b', ['mit', 'card-r1'], ['config-r1-llama-8b']),
  'Hermes-2-Theta-Llama-3-8B': model('hermes-2-theta-llama-3-8b'),
  'Hermes-2-Pro-Llama-3-8B': model('hermes-2-pro-llama-3-8b'),
  'Hermes-3-Llama-3.2-3B': model('llama-3.2-3b-tuned', ['llama3', 'repo-hermes-3-3b']),
  'Hermes-3-Llama-3.1-8B': model('llama-3.1-8b', ['llama3', 'repo-hermes-3-8b'], ['config-hermes-3-8b']),
  'Hermes-2-Pro-Mistral-7B': model('mistral-7b-tuned'),
  'Phi-3.5-mini-instruct': model('phi-3.5-mini', ['mit', 'repo-phi-3.5-mini']),
  'Phi-3.5-vision-instruct': model('phi-3.5-mini', null, ['mlc-presets']),
  'Phi-4-mini-instruct': model('phi-4-mini', ['mit', 'repo-phi-4-mini']),
  'Mistral-7B-Instruct-v0.3': model('mistral-7b-v0.3', ['apache', 'mistral-models']),
  'Mistral-7B-Instruct-v0.2': model('mistral-7b-v0.2', ['apache', 'mistral-models']),
  'OpenHermes-2.5-Mistral-7B': model('openhermes-2.5-mistral-7b', ['apache', 'card-openhermes']),
  'NeuralHermes-2.5-Mistral-7B': model('neuralhermes-2.5-mistral-7b', ['apache', 'repo-neuralhermes']),
  'WizardMath-7B-V1.1': model('mistral-7b-tuned'),
  'SmolLM2-1.7B-Instruct': model('smollm2-1.7b', ['apache', 'wm-smollm2-1-7b']),
  'SmolLM2-360M-Instruct': model('smollm2-360m', ['apache', 'wm-smollm2-360m']),
  'SmolLM2-135M-Instruct': model('smollm2-135m'),
  'gemma-4-E2B-it': model('gemma-4-e2b', ['apache', 'google-gemma-4']),
  'gemma-2-2b-it': model('gemma-2-2b', ['gemma', 'wm-gemma-2-2b']),
  'gemma-2-9b-it': model('gemma-2-9b', ['gemma', 'card-gemma-2']),
  'gemma-2-2b-jpn-it': model('gemma-2-2b', null, ['mlc-presets']),
  'gemma3-1b-it': model('gemma-3-1b', ['gemma', 'wm-gemma-3-1b']),
  'OLMo-2-1124-7B-Instruct': model('olmo-2-7b'),
  'OLMo-2-0425-1B-Instruct': model('olmo-2-1b'),
  'Qwen3-0.6B': model('qwen3-0.6b', ['apache', 'wm-qwen3-0-6b']),
  'Qwen3-1.7B': model('qwen3-1.7b', ['apache', 'wm-qwen3-1-7b']),
  'Qwen3-4B': model('qwen3-4b', ['apache', 'wm-qwen3-4b']),
  'Qwen3-8B': model('qwen3-8b', ['apache', 'wm-qwen3-8b']),
  'Qwen3.5-0.8B': model('qwen3.5-0.8b', ['apache', 'wm-qwen3-5-0-8b']),
  'Qwen3.5-2B': model('qwen3.5-2b', ['apache', 'wm-qwen3-5-2b']),
  'Qwen3.5-4B': model('qwen3.5-4b', ['apache', 'wm-qwen3-5-4b']),
  'Qwen3.5-9B': model('qwen3.5-9b', ['apache', 'vultr-qwen3.5-9b']),
  'Qwen2.5-0.5B-Instruct': model('qwen2-0.5b', ['apache', 'wm-qwen2-5-0-5b'], BY_QWEN_LIBRARY),
  'Qwen2.5-1.5B-Instruct': model('qwen2-1.5b', null, BY_QWEN_LIBRARY),
  'Qwen2.5-3B-Instruct': model('qwen2.5-3b', ['qwen-research', 'talk-qwen2.5-3b', 'wm-qwen2-5-3b']),
  'Qwen2.5-7B-Instruct': model('qwen2-7b', ['apache', 'card-qwen2.5-7b-tuned'], BY_QWEN_LIBRARY),
  'Qwen2.5-Coder-0.5B-Instruct': model('qwen2-0.5b', null, BY_QWEN_LIBRARY),
  'Qwen2.5-Coder-1.5B-Instruct': model('qwen2-1.5b', ['apache', 'repo-qwen2.5-coder-1.5b'], BY_QWEN_LIBRARY),
  'Qwen2.5-Coder-3B-Instruct': model('qwen2.5-3b', null, BY_QWEN_LIBRARY),
  'Qwen2.5-Coder-7B-Instruct': model('qwen2-7b', null, BY_QWEN_LIBRARY),
  'Qwen2.5-Math-1.5B-Instruct': model('qwen2-1.5b', null, BY_QWEN_LIBRARY),
  'stablelm-2-zephyr-1_6b': model('stablelm-2-1.6b', ['stability', 'repo-stablelm-2']),
  'RedPajama-INCITE-Chat-3B-v1': model('redpajama-3b', ['apache', 'card-redpajama']),
  'TinyLlama-1.1B-Chat-v1.0': model('tinyllama-1.1b-v1.0'),
  'Ministral-3-3B-Base-2512': model(MINISTRAL, ['apache', 'card-ministral-base'], OF_ALL_MINISTRAL),
  'Ministral-3-3B-Reasoning-2512': model(MINISTRAL, null, OF_ALL_MINISTRAL),
  'Ministral-3-3B-Instruct-2512-BF16': model(MINISTRAL, ['apache', 'wm-ministral-3-3b'], OF_ALL_MINISTRAL),
  'Llama-3.1-70B-Instruct': model('llama-3.1-70b', ['llama3.1', 'notice-tulu-3']),
  'Qwen2-0.5B-Instruct': model('qwen2-0.5b', ['apache', 'talk-qwen2']),
  'Qwen2-1.5B-Instruct': model('qwen2-1.5b', ['apache', 'talk-qwen2']),
  'Qwen2-7B-Instruct': model('qwen2-7b', ['apache', 'talk-qwen2']),
  'Qwen2-Math-1.5B-Instruct': model('qwen2-1.5b', null, BY_QWEN_LIBRARY),
  'Qwen2-Math-7B-Instruct': model('qwen2-7b', null, BY_QWEN_LIBRARY),
  'Llama-3-8B-Instruct': model('llama-3-8b', ['llama3', 'llama3-card']),
  'Llama-3-70B-Instruct': model('llama-3-70b', ['llama3', 'llama3-card']),
  'Phi-3-mini-4k-instruct': model('phi-3-mini-4k', ['mit', 'repo-phi-3-mini-4k']),
  'Llama-2-7b-chat-hf': model('llama-2-7b'),
  'Llama-2-13b-chat-hf': model('llama-2-13b'),
  'gemma-2b-it': model('gemma-2b', ['gemma', 'wm-gemma-2b']),
  'phi-2': model('phi-2', ['mit', 'repo-phi-2']),
  'phi-1_5': model('phi-1.5', ['mit', 'repo-phi-1_5']),
  'TinyLlama-1.1B-Chat-v0.4': model('tinyllama-1.1b-v0.4'),
};
