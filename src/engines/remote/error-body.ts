import * as v from 'valibot';

/** What a server said about a failure, in whatever shape it said it. */
export interface ErrorBody {
  readonly message: string;
  /** Type or code as text: `exceed_context_size_error`, `model_not_found`, `NotFoundError`; empty without one. */
  readonly kind: string;
  /** HTTP status that the body itself names; null without one. */
  readonly status: number | null;
}

const text = v.fallback(v.string(), '');
const ErrorObject = v.object({
  message: text,
  type: text,
  code: v.fallback(v.nullish(v.union([v.string(), v.number()])), null),
});

/**
 * Reads the error of a body. The shapes are those of the servers' sources and issue threads (2024–2026):
 * `{"error":{"message","type","code"}}` OpenAI, llama.cpp, vLLM ≥ 0.10, Ollama, LM Studio ·
 * `{"error":"…"}` vLLM and SGLang on a bad key, LM Studio · `{"object":"error","message",…}` SGLang, older vLLM ·
 * `{"detail":"…"}` FastAPI · `{"message":"…"}` gateways. A JSON text inside `error` is unpacked once more (gateways
 * wrap what their upstream said).
 * @returns null when there is no error in it
 */
export function errorOf(body: unknown): ErrorBody | null {
  if (typeof body !== 'object' || body === null) return null;
  const error: unknown = Reflect.get(body, 'error');
  if (typeof error === 'string') return errorOf(jsonOf(error)) ?? plain(error);
  if (typeof error === 'object' && error !== null) return fromObject(error);
  if (Reflect.get(body, 'object') === 'error') return fromObject(body);
  const detail: unknown = Reflect.get(body, 'detail');
  if (typeof detail === 'string') return errorOf(jsonOf(detail)) ?? plain(detail);
  if (detail !== undefined && detail !== null) return plain(JSON.stringify(detail));
  const message: unknown = Reflect.get(body, 'message');
  return typeof message === 'string' ? plain(message) : null;
}

/** The value of a JSON text; undefined when it is none. */
export function jsonOf(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}

function plain(message: string): ErrorBody {
  return { message, kind: '', status: null };
}

function fromObject(object: object): ErrorBody {
  const { message, type, code } = v.parse(ErrorObject, { message: '', type: '', ...object });
  const status = Number(code);
  return {
    message,
    kind: typeof code === 'string' && !/^\d+$/.test(code) ? `${type} ${code}`.trim() : type,
    status: Number.isInteger(status) && status >= 400 && status < 600 ? status : null,
  };
}
