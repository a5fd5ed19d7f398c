import type { Source } from '../../src/contracts/model-facts.ts';

function github(repository: string, commit: string, path: string): Source {
  return { title: `${repository}, ${path}`, url: `https://github.com/${repository}/blob/${commit}/${path}` };
}

function huggingFace(title: string, path: string): Source {
  return { title, url: `https://huggingface.co/${path}` };
}

/** Ranking that puts public test results on one scale; its pages name licences too. */
function ranking(slug: string): Source {
  return {
    title: `whatmodel, ${slug}`,
    url: `https://raw.githubusercontent.com/jakemanger/whatmodel/main/pages/model/${slug}.md`,
  };
}

const executorch = (commit: string, path: string): Source =>
  github('pytorch/executorch', commit, `examples/models/${path}`);
const maxtext = (commit: string, path: string): Source =>
  github('AI-Hypercomputer/maxtext', commit, `src/maxtext/configs/models/${path}`);
const mlc = (path: string): Source =>
  github('mlc-ai/mlc-llm', '79d603f085f50500e9509fa01785ffa7ecfaaa93', `python/mlc_llm/model/${path}`);

/** Read for dimensions. */
const SHAPE_SOURCES = {
  'mlc-presets': mlc('model_preset.py'),
  'mlc-qwen2': mlc('qwen2/qwen2_model.py'),
  'mlc-phi': mlc('phi/phi_model.py'),
  'mlc-gemma': mlc('gemma/gemma_model.py'),
  'mlc-gemma2': mlc('gemma2/gemma2_model.py'),
  'mlc-gemma3': mlc('gemma3/gemma3_model.py'),
  'head-dim-rule': {
    title: 'Derived: embedding dimension divided by heads, since the configuration names no head dimension',
    url: null,
  },
  'web-llm-list': {
    title: 'Model list of @mlc-ai/web-llm 0.2.86: a shared library has one set of dimensions',
    url: 'https://www.npmjs.com/package/@mlc-ai/web-llm/v/0.2.86',
  },
  'et-qwen3.5-0.8b': executorch(
    '30edb257c8b5ee8992c8f4c0411e597b0fa34a74',
    'qwen3_5/config/0_8b_config.json',
  ),
  'et-qwen3.5-2b': executorch('144ce1bc77b852d82c88791f45932fc8f3364532', 'qwen3_5/config/2b_config.json'),
  'et-qwen3.5-4b': executorch('108469552aef025b5303b471ca09abe4f39430f0', 'qwen3_5/config/4b_config.json'),
  'et-lfm2-700m': executorch('00f160747f2af1a945725fc564552f891e6a4099', 'lfm2/config/lfm2_700m_config.json'),
  'et-lfm2-1.2b': executorch('76fcedc2a23527e1a29b2f2dbe50ead2bcfb844b', 'lfm2/config/lfm2_1_2b_config.json'),
  'et-lfm2.5-350m': executorch(
    '818919d55a7c090dff2d6cbf80dffafea4330475',
    'lfm2/config/lfm2_5_350m_config.json',
  ),
  'et-gemma4-e2b': executorch('5d833a2f5a827e2739b034b7d3d1c3da703efbf9', 'gemma4/config/e2b_config.json'),
  'et-smollm3': executorch('898552932f681d39222b23203d53845ddff9bd63', 'smollm3/config/params.json'),
  'mt-qwen3-4b': maxtext('5505348a42500a40234286f360e3af6a062dcc08', 'qwen3-4b.yml'),
  'mt-qwen3-8b': maxtext('5505348a42500a40234286f360e3af6a062dcc08', 'qwen3-8b.yml'),
  'mt-llama3-8b': maxtext('6aa8b8445ec38b51d69ce65c870d5551d4f8e423', 'llama3-8b.yml'),
  'mt-llama3-70b': maxtext('8fe46880d134541afaf7a5ec5142fd1b98030d67', 'llama3-70b.yml'),
  'mt-gemma4-e2b': maxtext('0c6ae9310d576eead910dea291d9d06678cf22ae', 'gemma4-e2b.yml'),
  'dm-gemma3': github(
    'google-deepmind/gemma',
    '9fec24caa4890f34d78f8fb75f640127b735537b',
    'gemma/gm/nn/_gemma.py',
  ),
  'dm-gemma4': github(
    'google-deepmind/gemma',
    'b2dc124b6b1fb3eebb34010c0c5f1e0cf42cf3c5',
    'gemma/gm/nn/gemma4/_gemma4.py',
  ),
  'slime-qwen3.5-0.8b': github(
    'THUDM/slime',
    'f8879db2b7a9587e60d767faf5b2c8bd56d710d8',
    'scripts/models/qwen3.5-0.8B.sh',
  ),
  'config-qwen3.5-9b': huggingFace(
    'Configuration of a tuned Qwen3.5-9B',
    'khtsly/Mini-Coder/blob/main/config.json',
  ),
  'vultr-qwen3.5-9b': {
    title: 'Vultr, Qwen3.5-9B',
    url: 'https://docs.vultr.com/models/alibaba-qwen-35/qwen3.5-9b/nvidia',
  },
  'config-smollm2-1.7b': huggingFace(
    'Configuration of a tuned SmolLM2-1.7B',
    'puettmann/SmolMaestra-1.7b-Translation/blame/4c7688724a0ce6c86e1dee0e4a3d5930935e100f/config.json',
  ),
  'config-phi-3-mini-4k': huggingFace(
    'Configuration of a copy of Phi-3-mini-4k-instruct',
    'Alignment-Lab-AI/idfkphi4kiguess/blob/main/config.json',
  ),
  'config-hermes-2-pro-llama': huggingFace(
    'Configuration of Hermes-2-Pro-Llama-3-8B',
    'NousResearch/Hermes-2-Pro-Llama-3-8B/blame/bef895bc281373523c2eeee1d644297a9ca89306/config.json',
  ),
  'config-hermes-2-theta': huggingFace(
    'Configuration of a tuned Hermes-2-Theta-Llama-3-8B',
    'octoai/hermes-2-theta-llama-3-8b-rope-theta/blame/main/config.json',
  ),
  'config-hermes-3-8b': huggingFace(
    'Configuration of a copy of Hermes-3-Llama-3.1-8B',
    'nick911/hermes-3-llama-3-1-8B/blob/main/config.json',
  ),
  'config-r1-qwen-7b': huggingFace(
    'Configuration of a tuned DeepSeek-R1-Distill-Qwen-7B',
    'ABrain/HPGPT-DeepSeek-R1-Distill-Qwen-7B-R/blob/main/config.json',
  ),
  'config-r1-llama-8b': huggingFace(
    'Configuration of a quantized DeepSeek-R1-Distill-Llama-8B',
    'casperhansen/deepseek-r1-distill-llama-8b-awq/blob/652e9f65e08e78dfbdd5a2c724ac6cfb0bee11cf/config.json',
  ),
  'config-openhermes': huggingFace(
    'Configuration of a copy of OpenHermes-2.5-Mistral-7B',
    'vicky4s4s/mistral-2-7B/blob/main/config.json',
  ),
  'config-neuralhermes': huggingFace(
    'Configuration of a copy of NeuralHermes-2.5-Mistral-7B',
    'ArianAskari/NeuralHermes-2.5-Mistral-7B/blame/main/config.json',
  ),
  'config-lfm2-1.2b': huggingFace(
    'Configuration of a tuned LFM2-1.2B',
    'saranshagarwal2020/p-vector/blob/main/config.json',
  ),
  'config-lfm2-700m': huggingFace(
    'Configuration of LFM2-700M',
    'LiquidAI/LFM2-700M/blob/refs%2Fpr%2F8/config.json',
  ),
  'card-lfm2': huggingFace(
    'Card of LFM2-700M',
    'LiquidAI/LFM2-700M/commit/d300d6a4eeb64f65a4b5433227a008e918f71688',
  ),
  'card-lfm2.5-vl': huggingFace('Card of LFM2.5-VL for Ambarella', 'Ambarella/LFM2.5-VL'),
  'card-smollm3-tied': huggingFace(
    'Card of a port of SmolLM3-3B',
    'qoranet/QORA-LLM-3B/commit/f138eaa5809fa1fcfd94044620caa84dfd050f53',
  ),
  'fairseq2-olmo2': { title: 'facebookresearch/fairseq2, OLMO2Config, olmo2-0425-1b', url: null },
  'mistral-models': {
    title: 'Mistral, open-weight models',
    url: 'https://docs.mistral.ai/getting-started/open_weight_models/',
  },
} as const satisfies Record<string, Source>;

/** Read for licences, sizes, hashes and contexts. */
const RECORD_SOURCES = {
  'llama3-card': github(
    'meta-llama/llama-models',
    '1f0feb795a4130697ced243fb53051670d591653',
    'models/llama3/MODEL_CARD.md',
  ),
  'notice-tulu-3': huggingFace(
    'Notice of Llama-3.1-Tulu-3-8B-RM',
    'allenai/Llama-3.1-Tulu-3-8B-RM/blob/main/notice.txt',
  ),
  'repo-hermes-3-8b': huggingFace(
    'Page of Hermes-3-Llama-3.1-8B',
    'NousResearch/Hermes-3-Llama-3.1-8B/tree/610bec173a7b02d8a5348a16e07931afa9aad83e',
  ),
  'repo-hermes-3-3b': huggingFace(
    'Page of Hermes-3-Llama-3.2-3B',
    'NousResearch/Hermes-3-Llama-3.2-3B/tree/7952630e85c05775d42634d3e879168c846be9f1',
  ),
  'card-r1': {
    title: 'Card of DeepSeek-R1 as copied there',
    url: 'https://ollama.com/hengwen/DeepSeek-R1-Distill-Qwen-14B:q8_0',
  },
  'repo-phi-3.5-mini': huggingFace(
    'Page of Phi-3.5-mini-instruct',
    'microsoft/Phi-3.5-mini-instruct/tree/64963004ad95869fa73a30279371c8778509ac84',
  ),
  'repo-phi-4-mini': huggingFace(
    'Page of Phi-4-mini-instruct',
    'microsoft/Phi-4-mini-instruct/blob/refs%2Fpr%2F10/vocab.json',
  ),
  'repo-phi-2': huggingFace(
    'Page of phi-2',
    'microsoft/phi-2/commit/b10c3eba545ad279e7208ee3a5d644566f001670',
  ),
  'repo-phi-1_5': huggingFace(
    'Page of phi-1_5',
    'microsoft/phi-1_5/commit/bffd3b29c4741576a3a97656bcb74956cffaeccf',
  ),
  'repo-phi-3-mini-4k': huggingFace(
    'Page of Phi-3-mini-4k-instruct',
    'microsoft/Phi-3-mini-4k-instruct/tree/e50642f23a5afe4291237c7094cf131749fad5a6',
  ),
  'card-openhermes': huggingFace(
    'Card of OpenHermes-2.5-Mistral-7B as GGUF',
    'interrobang/OpenHermes-2.5-Mistral-7B-GGUF-f16/blob/main/README.md?code=true',
  ),
  'repo-neuralhermes': huggingFace(
    'Page of a copy of NeuralHermes-2.5-Mistral-7B',
    'shahzebnaveed/NeuralHermes-2.5-Mistral-7B/commits/main/tokenizer_config.json',
  ),
  'google-gemma-4': {
    title: 'Google, Gemma 4 in LiteRT-LM',
    url: 'https://ai.google.dev/edge/litert-lm/models/gemma-4',
  },
  'card-gemma-2': huggingFace(
    'Card of Gemma 2 at Cortex',
    'cortexso/gemma2/blob/1e5e4a0d30b8045ba296d7793d6f06e03325ba82/README.md',
  ),
  'card-qwen2.5-7b-tuned': huggingFace(
    'Card of a tuned Qwen2.5-7B-Instruct',
    'jaeyong2/Qwen2.5-7B-Instruct-Ja-SFT/blob/main/README.md',
  ),
  'repo-qwen2.5-coder-1.5b': huggingFace(
    'Page of Qwen2.5-Coder-1.5B-Instruct as GGUF',
    'unsloth/Qwen2.5-Coder-1.5B-Instruct-128K-GGUF/blob/main/config.json',
  ),
  'talk-qwen2.5-3b': huggingFace('Discussion of Sa2VA-4B', 'ByteDance/Sa2VA-4B/discussions/2'),
  'talk-qwen2': huggingFace(
    'Discussion of Qwen2-72B: models below 72B are Apache-2.0',
    'Qwen/Qwen2-72B/discussions/1',
  ),
  'repo-stablelm-2': huggingFace(
    'Page of stablelm-2-zephyr-1_6b',
    'stabilityai/stablelm-2-zephyr-1_6b/commit/e4652cb2730c7ca3a553c362a180f4cf9c1f5f35',
  ),
  'card-ministral-base': huggingFace(
    'Card of Ministral-3-3B-Base-2512, read at a mirror',
    'mistralai/Ministral-3-3B-Base-2512/raw/a9edf793a71806359fd534d28ef75f7cdb68bf16/README.md',
  ),
  'card-redpajama': huggingFace(
    'Card of RedPajama-INCITE-Chat-3B-v1 as GGML',
    'keldenl/RedPajama-INCITE-Chat-3B-v1-GGML/blob/945b205046ad8fa1c3c7359595ddc6e639b10450/README.md?code=true',
  ),
  'card-lfm2-1.2b': huggingFace(
    'Card of LFM2-1.2B',
    'LiquidAI/LFM2-1.2B/blob/26bb21ffbfe2d9527e007758ddddb3700955d2af/README.md',
  ),
  'repo-lfm2.5-vl': huggingFace('Page of LFM2.5-VL-450M', 'LiquidAI/LFM2.5-VL-450M/blob/main/tokenizer.json'),
  'context-lfm2-700m': {
    title: 'Featherless, LFM2-700M',
    url: 'https://featherless.ai/models/unsloth/LFM2-700M',
  },
  'xinference-qwen3.5': {
    title: 'xorbitsai/inference, doc/source/models/builtin/llm/qwen3.5.rst',
    url: 'https://github.com/xorbitsai/inference/blob/main/doc/source/models/builtin/llm/qwen3.5.rst',
  },
  'card-smollm3': huggingFace(
    'Card of SmolLM3-3B-Base',
    'HuggingFaceTB/SmolLM3-3B-Base/blob/refs%2Fpr%2F4/README.md',
  ),
  'wllama-demo': github(
    'ngxson/wllama',
    '766d28e03eeac044fe055327d06b83d3f9b84544',
    'examples/main/src/config.ts',
  ),
  'llamas-on-the-web': github(
    'reeselevine/llamas-on-the-web',
    '91d665496389af95ad2b870c37c7f4a63ae54714',
    'src/config.ts',
  ),
  'pinned-lists': {
    title:
      'Lists of pinned GGUF files in public repositories, seen in an index of code that names none of them',
    url: null,
  },
  'model-name': { title: 'The name of the model', url: null },
  'engines-research': { title: 'research/engines.md §5 of this project', url: null },
  'gguf-catalogue': {
    title: 'catalogue/gguf.json: bytes of the files, shape',
    url: null,
  },
  'our-web-llm-list': { title: 'catalogue/web-llm.json: vramMiB', url: null },
} as const satisfies Record<string, Source>;

const RANKED = [
  ...['smollm2-360m', 'smollm2-1-7b', 'smollm3-3b', 'gemma-3-1b', 'gemma-2-2b', 'gemma-2b', 'gemma-4-e2b'],
  ...['llama-3-2-1b', 'llama-3-2-3b', 'lfm2-700m', 'lfm2-1-2b', 'phi-4-mini', 'ministral-3-3b'],
  ...['qwen3-5-0-8b', 'qwen3-5-2b', 'qwen3-5-4b', 'qwen3-0-6b', 'qwen3-1-7b', 'qwen3-4b', 'qwen3-8b'],
  ...['qwen2-5-0-5b', 'qwen2-5-3b'],
] as const;

const SOURCES: ReadonlyMap<string, Source> = new Map<string, Source>([
  ...Object.entries(SHAPE_SOURCES),
  ...Object.entries(RECORD_SOURCES),
  ...RANKED.map((slug) => [`wm-${slug}`, ranking(slug)] as const),
]);

export type SourceKey =
  keyof typeof SHAPE_SOURCES | keyof typeof RECORD_SOURCES | `wm-${(typeof RANKED)[number]}`;

/** Those of `keys`, once each, by key. */
export function sourcesOf(keys: Iterable<string>): Record<string, Source> {
  return Object.fromEntries(
    [...new Set(keys)].sort().map((key) => {
      const source = SOURCES.get(key);
      if (source === undefined) throw new Error(`no source ${key}`);
      return [key, source];
    }),
  );
}
