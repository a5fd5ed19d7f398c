import * as v from 'valibot';
import { err, ok, type Result } from '../../../src/kernel/result.ts';
import { apiError, type ApiError } from './api-error.ts';
import { unheeded } from './neutral-fields.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

/** `POST /v1/chat/completions`, read: what is null was not asked for. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly seed: number | null;
  readonly stop: readonly string[];
  readonly jsonSchema: Readonly<Record<string, unknown>> | null;
  /** GBNF, an extension that llama.cpp's server has. */
  readonly grammar: string | null;
}

const part = v.strictObject({ type: v.literal('text'), text: v.string() });
const content = v.union([v.string(), v.array(part)]);
const name = v.nullish(v.undefined());
/** Strict: a message with a tool call, a name or a picture is not what is left when those are dropped. */
const MessageSchema = v.variant('role', [
  v.strictObject({ role: v.picklist(['system', 'developer', 'user']), content, name }),
  v.strictObject({
    role: v.literal('assistant'),
    content,
    name,
    refusal: v.nullish(v.undefined()),
    // As OpenAI's client hands an answer back.
    annotations: v.optional(v.pipe(v.array(v.unknown()), v.maxLength(0))),
    audio: v.nullish(v.undefined()),
    tool_calls: v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(0))),
  }),
]);

const count = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)));
const stopSequence = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const ResponseFormatSchema = v.variant('type', [
  v.strictObject({ type: v.literal('text') }),
  v.strictObject({
    type: v.literal('json_schema'),
    json_schema: v.strictObject({
      name: v.string(),
      description: v.optional(v.string()),
      strict: v.nullish(v.boolean()),
      schema: v.record(v.string(), v.unknown()),
    }),
  }),
]);

const ChatSchema = v.looseObject({
  model: v.string(),
  messages: v.pipe(v.array(MessageSchema), v.minLength(1), v.maxLength(256)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(
    v.strictObject({
      include_usage: v.nullish(v.boolean()),
      // Padding against observers of a line in the clear; there is none on loopback.
      include_obfuscation: v.nullish(v.boolean()),
    }),
  ),
  max_tokens: count,
  max_completion_tokens: count,
  temperature: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_p: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  seed: v.nullish(v.pipe(v.number(), v.safeInteger())),
  stop: v.nullish(v.union([stopSequence, v.pipe(v.array(stopSequence), v.maxLength(4))])),
  response_format: v.nullish(ResponseFormatSchema),
  grammar: v.nullish(v.pipe(v.string(), v.minLength(1), v.maxLength(65_536))),
});
type Chat = v.InferOutput<typeof ChatSchema>;

function textOf(content: v.InferOutput<typeof part>[] | string): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}

function wrong(message: string, param: string, code = 'invalid_value'): Result<never, ApiError> {
  return err(apiError(400, code, message, { param }));
}

/** What cannot be honoured is refused and never dropped: who sends it means it. */
export function readChat(body: unknown): Result<ChatRequest, ApiError> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return err(apiError(400, 'invalid_value', 'The body must be a JSON object.'));
  }
  const parsed = v.safeParse(ChatSchema, body);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const path = v.getDotPath(issue) ?? '';
    return wrong(`${path}: ${issue.message}`.slice(0, 500), path);
  }
  const unknown = unheeded(body, Object.keys(ChatSchema.entries));
  if (unknown !== null) return wrong(unknown.message, unknown.field, 'unsupported_parameter');
  return requestOf(parsed.output);
}

function requestOf(chat: Chat): Result<ChatRequest, ApiError> {
  const { max_tokens: older, max_completion_tokens: newer, response_format: format } = chat;
  if (older != null && newer != null && older !== newer) {
    return wrong('max_tokens and max_completion_tokens differ.', 'max_tokens');
  }
  const jsonSchema = format?.type === 'json_schema' ? format.json_schema.schema : null;
  if (jsonSchema !== null && chat.grammar != null) {
    return wrong('A grammar and a JSON schema at once.', 'grammar');
  }
  if (chat.stream !== true && chat.stream_options != null) {
    return wrong('stream_options needs stream.', 'stream_options');
  }
  return ok({
    model: chat.model,
    messages: chat.messages.map(({ role, content }) => ({
      role: role === 'developer' ? 'system' : role,
      text: textOf(content),
    })),
    stream: chat.stream ?? false,
    includeUsage: chat.stream_options?.include_usage ?? false,
    maxTokens: newer ?? older ?? null,
    temperature: chat.temperature ?? null,
    topP: chat.top_p ?? null,
    seed: chat.seed ?? null,
    stop: typeof chat.stop === 'string' ? [chat.stop] : (chat.stop ?? []),
    jsonSchema,
    grammar: chat.grammar ?? null,
  });
}
