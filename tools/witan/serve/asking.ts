import { err, ok, type Result } from '../../../src/kernel/result.ts';
import type { ChatTurn, GenerateRequest } from '../../../src/contracts/engine.ts';
import type { RequestExtra } from '../../../src/contracts/ports.ts';
import { apiError, type ApiError } from './api-error.ts';
import type { ChatRequest } from './chat-request.ts';

/** The name under which the council as a whole is asked. */
export const COUNCIL_MODEL = 'witan-council';

/** What the operator allows to be left out where it cannot be given; each answer says what was. */
export const LEAVABLE = ['system', 'history', 'temperature'] as const;
export type Leavable = (typeof LEAVABLE)[number];

/** A member's answer where the client sets no limit: a page of text. */
const DEFAULT_MAX_TOKENS = 512;

export interface CouncilAsking {
  readonly type: 'council';
  readonly prompt: string;
  /** Earlier questions, each with its answer. */
  readonly history: readonly ChatTurn[];
  readonly seed: number;
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  readonly leftOut: readonly Leavable[];
  /** Earlier turns may be left out where a member cannot be given them. */
  readonly leaveOutHistory: boolean;
}

export interface MemberAsking {
  readonly type: 'member';
  readonly memberId: string;
  readonly request: GenerateRequest;
  readonly stop: readonly string[];
  /** Where this member cannot be given it. */
  readonly leaveOut: readonly RequestExtra[];
}

export interface AskingRules {
  readonly seed: number;
  readonly leaveOut: readonly Leavable[];
}

interface Conversation {
  readonly system: string | null;
  readonly history: readonly ChatTurn[];
  readonly prompt: string;
}

function wrong(message: string, param: string, code = 'unsupported_value'): Result<never, ApiError> {
  return err(apiError(400, code, message, { param }));
}

/** Instruction, earlier turns and question, in the one order that members take them in. */
function conversationOf({ messages }: ChatRequest): Result<Conversation, ApiError> {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const turns = first < 0 ? [] : messages.slice(first);
  const last = turns.at(-1);
  if (last === undefined || last.role !== 'user') {
    return wrong('The last message must be one of the user.', 'messages', 'invalid_value');
  }
  const history: ChatTurn[] = [];
  for (const { role, text } of turns.slice(0, -1)) {
    if (role === 'system') return wrong('An instruction can only stand before the conversation.', 'messages');
    history.push({ role, content: text });
  }
  const instructions = messages.slice(0, messages.length - turns.length).map(({ text }) => text);
  return ok({
    system: instructions.length === 0 ? null : instructions.join('\n\n'),
    history,
    prompt: last.text,
  });
}

/** What is asked of whom. Errors: 400. */
export function askingOf(
  chat: ChatRequest,
  rules: AskingRules,
): Result<CouncilAsking | MemberAsking, ApiError> {
  const conversation = conversationOf(chat);
  if (!conversation.ok) return conversation;
  return chat.model === COUNCIL_MODEL
    ? councilAsking(chat, conversation.value, rules)
    : ok(memberAsking(chat, conversation.value, rules));
}

/**
 * The council is asked greedily, each member with its own instruction and as much room as its kind of answer needs; earlier
 * turns go to all members alike. A limit of tokens and stop sequences are put to the answer that it gives.
 */
function councilAsking(
  { temperature, jsonSchema, grammar, maxTokens, stop, seed }: ChatRequest,
  { system, history, prompt }: Conversation,
  rules: AskingRules,
): Result<CouncilAsking, ApiError> {
  if (jsonSchema !== null) return wrong('The council takes no schema; a member does.', 'response_format');
  if (grammar !== null) return wrong('The council takes no grammar; a member does.', 'grammar');
  const wanted: readonly (readonly [Leavable, boolean, string, string])[] = [
    ['system', system !== null, 'The council takes no system message; a member does.', 'messages'],
    ['history', !isAlternating(history), 'The council takes questions and answers in turn.', 'messages'],
    [
      'temperature',
      (temperature ?? 0) > 0,
      'The council answers at temperature 0; leave it out.',
      'temperature',
    ],
  ];
  const asked = wanted.filter(([, isAsked]) => isAsked);
  const refused = asked.find(([field]) => !rules.leaveOut.includes(field));
  if (refused !== undefined) return wrong(refused[2], refused[3]);
  const leftOut = asked.map(([field]) => field);
  return ok({
    type: 'council',
    prompt,
    history: leftOut.includes('history') ? [] : history,
    seed: seed ?? rules.seed,
    maxTokens,
    stop,
    leftOut,
    leaveOutHistory: rules.leaveOut.includes('history'),
  });
}

/** Each question has its answer, and nothing stands between the two. */
function isAlternating(history: readonly ChatTurn[]): boolean {
  return (
    history.length % 2 === 0 &&
    history.every(({ role }, at) => role === (at % 2 === 0 ? 'user' : 'assistant'))
  );
}

function memberAsking(
  chat: ChatRequest,
  { system, history, prompt }: Conversation,
  rules: AskingRules,
): MemberAsking {
  const request: GenerateRequest = {
    prompt,
    maxTokens: chat.maxTokens ?? DEFAULT_MAX_TOKENS,
    // The council's own way where the client does not say: the same question has the same answer.
    temperature: chat.temperature ?? 0,
    seed: chat.seed ?? rules.seed,
    ...(system === null ? {} : { system }),
    ...(history.length === 0 ? {} : { history }),
    ...(chat.topP === null ? {} : { topP: chat.topP }),
    ...(chat.jsonSchema === null ? {} : { jsonSchema: chat.jsonSchema }),
    ...(chat.grammar === null ? {} : { grammar: chat.grammar }),
  };
  const leaveOut = rules.leaveOut.filter((field) => field !== 'temperature');
  return { type: 'member', memberId: chat.model, request, stop: chat.stop, leaveOut };
}
