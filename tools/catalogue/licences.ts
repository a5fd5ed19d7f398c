import type { Licence } from '../../src/contracts/model-facts.ts';

const spdx = (id: string, name: string): Licence => ({
  spdx: id,
  name,
  url: `https://spdx.org/licenses/${id}.html`,
});
const named = (name: string, url: string): Licence => ({ spdx: null, name, url });

const META = 'https://github.com/meta-llama/llama-models/blob/main/models';

/** By our own key. Those without an SPDX identifier restrict the use: show the name and the address before a download. */
export const LICENCES = {
  apache: spdx('Apache-2.0', 'Apache License 2.0'),
  mit: spdx('MIT', 'MIT License'),
  llama3: named('Llama 3 Community License', 'https://llama.meta.com/llama3/license/'),
  'llama3.1': named('Llama 3.1 Community License', `${META}/llama3_1/LICENSE`),
  'llama3.2': named('Llama 3.2 Community License', `${META}/llama3_2/LICENSE`),
  gemma: named('Gemma Terms of Use', 'https://ai.google.dev/gemma/terms'),
  lfm: named('LFM Open License v1.0', 'https://huggingface.co/LiquidAI/LFM2-1.2B/blob/main/LICENSE'),
  'qwen-research': named(
    'Qwen Research License',
    'https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE',
  ),
  stability: named(
    'Stability AI Non-Commercial Research Community License',
    'https://huggingface.co/stabilityai/stablelm-2-zephyr-1_6b/blob/main/LICENSE',
  ),
} as const satisfies Record<string, Licence>;
export type LicenceKey = keyof typeof LICENCES;
