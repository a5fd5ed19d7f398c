import * as v from 'valibot';

/** Servers whose extras beyond OpenAI's protocol are known; `auto` looks at what the model list says of its owner. */
export const REMOTE_SERVERS = [
  'auto',
  'llama.cpp',
  'vllm',
  'sglang',
  'ollama',
  'lm-studio',
  'other',
] as const;
export type RemoteServer = (typeof REMOTE_SERVERS)[number];

/** Longest address that is taken; browsers and proxies begin to cut at about this length. */
const ADDRESS_LIMIT = 2_000;

/**
 * The address under which a server's API begins, without a slash at its end: `http://localhost:8080` and
 * `http://localhost:8080/v1/chat/completions` both become `http://localhost:8080/v1`.
 * @returns null when `text` is no http(s) address, or carries a user name, a password, a query or a fragment: a key
 * must never stand in an address
 */
export function normalizedBaseUrl(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > ADDRESS_LIMIT || !URL.canParse(trimmed)) return null;
  const url = new URL(trimmed);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.username !== '' || url.password !== '' || /[?#]/.test(trimmed)) return null;
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(chat\/completions|models)$/, '');
  return `${url.origin}${/\/v\d+$/.test(path) ? path : `${path}/v1`}`;
}

/** Host and port of an address, to name a server by. */
export function hostOf(baseUrl: string): string {
  return new URL(baseUrl).host;
}

/** True when what is sent there can be read on its way: plain http to another machine. */
export function sentInTheClear(baseUrl: string): boolean {
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === 'https:') return false;
  return (
    hostname !== 'localhost' && hostname !== '[::1]' && !/^127(\.\d{1,3}){3}$|\.localhost$/.test(hostname)
  );
}

const id = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/));
const label = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(80));

/** A server that the user entered. Strict: a field that is not here, a key for one, is refused and never stored. */
export const RemoteEndpointSchema = v.strictObject({
  id,
  label,
  /** As `normalizedBaseUrl` writes it. */
  baseUrl: v.pipe(
    v.string(),
    v.check((text) => normalizedBaseUrl(text) === text, 'not a normalized http(s) address'),
  ),
  /** Whether a key belongs to it; the key itself is in the key ring only. */
  hasKey: v.boolean(),
  server: v.picklist(REMOTE_SERVERS),
});
export type RemoteEndpoint = v.InferOutput<typeof RemoteEndpointSchema>;

/** A member of the council that runs on one or several servers. */
export const RemoteMemberSchema = v.strictObject({
  id,
  name: label,
  /** The name under which every one of its servers knows the model. */
  model: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(300)),
  /** In the order of the user's preference; the first is asked first while nothing was measured. */
  endpointIds: v.pipe(v.array(id), v.minLength(1), v.maxLength(8)),
});
export type RemoteMember = v.InferOutput<typeof RemoteMemberSchema>;

/** The id under which a remote member sits on the council; the user's own ids could be those of bundled members. */
export function remoteSeatId({ id }: Pick<RemoteMember, 'id'>): string {
  return `remote-${id}`;
}

/** What is kept of remote members. Version history: 1 first schema. */
export const RemoteSettingsSchema = v.strictObject({
  schema: v.literal('witan.remote'),
  version: v.literal(1),
  endpoints: v.pipe(v.array(RemoteEndpointSchema), v.maxLength(32)),
  members: v.pipe(v.array(RemoteMemberSchema), v.maxLength(32)),
});
export type RemoteSettings = v.InferOutput<typeof RemoteSettingsSchema>;

/**
 * closed: requests pass · open: they are refused until the pause is over · half-open: one request tries whether the
 * server is back.
 */
export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** unknown: never asked · ok: answered · otherwise what the last request ended with. */
export const REMOTE_STATES = ['unknown', 'ok', 'busy', 'refused', 'unreachable', 'silent', 'failed'] as const;
export type RemoteState = (typeof REMOTE_STATES)[number];

/** What is known of one server, for the page and for records: no address, no key. */
export const RemoteHealthSchema = v.strictObject({
  endpointId: id,
  state: v.picklist(REMOTE_STATES),
  /** Milliseconds from a request to its first token, or to the answer of a health check; null before the first. */
  lastLatencyMs: v.nullable(v.pipe(v.number(), v.minValue(0))),
  breaker: v.picklist(BREAKER_STATES),
  /** Requests under way. */
  inFlight: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Milliseconds since the Unix epoch; null before the first request. */
  checkedAt: v.nullable(v.number()),
});
export type RemoteHealth = v.InferOutput<typeof RemoteHealthSchema>;

/** One model of a server's list. */
export interface RemoteModel {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Tokens; null when the server does not say. */
  readonly contextTokens: number | null;
  readonly vocabularySize: number | null;
}

/** How long a server is waited for, milliseconds. */
export interface RemoteTimes {
  /** For a health check, from its request to the end of the answer. */
  readonly healthMs: number;
  /** From the request to the first token: connecting, waiting for a free slot and prefill are one to a client. */
  readonly firstTokenMs: number;
  readonly tokenGapMs: number;
}

/** A key on its way to the worker that uses it. */
export interface RemoteKey {
  readonly endpointId: string;
  /** The only origin it may be sent to. */
  readonly origin: string;
  readonly key: string;
}

/** All that the worker of a remote member needs to know; the only way in which a key reaches it. */
export interface RemoteConfiguration {
  readonly member: RemoteMember;
  /** At least those that the member names. */
  readonly endpoints: readonly RemoteEndpoint[];
  readonly keys: readonly RemoteKey[];
  /** Absent: the engine's own. */
  readonly times?: RemoteTimes;
}
