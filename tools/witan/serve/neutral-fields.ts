type Test = (value: unknown) => boolean;

const isEmpty: Test = (value) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
const oneOf =
  (...values: readonly unknown[]): Test =>
  (value) =>
    values.includes(value);
const anything: Test = () => true;

/**
 * Fields of OpenAI's protocol that change nothing at these values, which clients send of their own accord. `null` always
 * means "not given". With any other value they ask for what is not there.
 * Source: OpenAI API reference, "Create chat completion" (2026).
 */
const NEUTRAL: Readonly<Record<string, Test>> = {
  n: oneOf(1),
  logprobs: oneOf(false),
  top_logprobs: oneOf(0),
  tools: isEmpty,
  tool_choice: oneOf('none', 'auto'),
  parallel_tool_calls: oneOf(true, false),
  functions: isEmpty,
  function_call: oneOf('none', 'auto'),
  logit_bias: isEmpty,
  presence_penalty: oneOf(0),
  frequency_penalty: oneOf(0),
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  audio: oneOf(),
  prediction: oneOf(),
  moderation: oneOf(),
  web_search_options: oneOf(),
  reasoning_effort: oneOf('none'),
  verbosity: oneOf('medium'),
  service_tier: oneOf('auto', 'default'),
  store: oneOf(false),
  // Labels for the bookkeeping of whoever asks: no answer depends on them.
  user: anything,
  metadata: anything,
  safety_identifier: anything,
  prompt_cache_key: anything,
  prompt_cache_retention: anything,
};

/** The first field that is neither read nor without effect; null when there is none. */
export function unheeded(
  body: object,
  read: readonly string[],
): { readonly field: string; readonly message: string } | null {
  for (const [field, value] of Object.entries(body) as [string, unknown][]) {
    if (read.includes(field)) continue;
    const shown = field.slice(0, 80);
    const test = Object.hasOwn(NEUTRAL, field) ? NEUTRAL[field] : undefined;
    if (test === undefined) return { field: shown, message: `This server does not know the field ${shown}.` };
    if (value === null || test(value)) continue;
    return { field: shown, message: `This server cannot do what ${shown} asks for.` };
  }
  return null;
}
