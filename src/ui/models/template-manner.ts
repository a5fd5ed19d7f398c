import type { GgufChatTemplate } from '#contracts/gguf';

/**
 * Ways in which a conversation is written down, by what their templates must contain; the first that fits counts.
 * Source: `llm_chat_detect_template` of llama.cpp (src/llama-chat.cpp).
 */
const MANNERS: readonly (readonly [name: string, ...marks: string[]])[] = [
  ['Phi-4', '<|im_start|>', '<|im_sep|>'],
  ['ChatML', '<|im_start|>'],
  ['Llama 2', '[INST]', '<<SYS>>'],
  ['Mistral', '[INST]'],
  ['Phi-3', '<|assistant|>', '<|end|>'],
  ['Zephyr', '<|user|>', '<|endoftext|>'],
  ['Gemma', '<start_of_turn>'],
  ['Command-R', '<|START_OF_TURN_TOKEN|>'],
  ['Llama 3', '<|start_header_id|>', '<|end_header_id|>'],
  ['DeepSeek', '<｜Assistant｜>'],
  ['Granite', '<|start_of_role|>'],
  ['Harmony', '<|start|>', '<|channel|>'],
];

/** Hexadecimal digits of a fingerprint that are shown: enough to compare two by eye. */
const SHOWN_DIGITS = 12;

/** How the model is spoken to: the known manner of its template, and the fingerprint to compare it with others. */
export function templateWords(template: GgufChatTemplate | null): string {
  if (template === null) return 'none in the file: it is asked in plain text';
  const known = MANNERS.find(([, ...marks]) => marks.every((mark) => template.text.includes(mark)));
  const print = `SHA-256 ${template.sha256.slice(0, SHOWN_DIGITS)}…`;
  return known === undefined ? `of its own (${print})` : `${known[0]} (${print})`;
}
