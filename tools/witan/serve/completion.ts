import type { Deliberation } from '../../../src/contracts/deliberation.ts';
import type { Generation } from '../../../src/contracts/engine.ts';
import type { MemberAnswer, RequestExtra } from '../../../src/contracts/ports.ts';
import type { Leavable } from './asking.ts';

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** What an answer is known by. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  readonly model: string;
}

export interface Completion {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  readonly usage: Usage;
  /** How the answer came about: what OpenAI's protocol has no word for. */
  readonly witan: object;
}

function usage(promptTokens: number, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** All that the members read and wrote, as their record says: a council's answer costs what its members cost. */
export function usageOfRound({ members }: Deliberation): Usage {
  const sum = (of: (member: Deliberation['members'][number]) => number): number =>
    members.reduce((total, member) => total + of(member), 0);
  return usage(
    sum(({ promptTokens = 0 }) => promptTokens),
    sum(({ tokens }) => tokens),
  );
}

export function usageOfMember({ promptTokens, completionTokens }: Generation): Usage {
  return usage(promptTokens, completionTokens);
}

/** The field `witan` of a council's answer. */
export function witanOfRound(record: Deliberation, asked: readonly Leavable[]): object {
  const isCut = record.members.some(({ history }) => (history?.leftOut ?? 0) > 0);
  const leftOut = isCut ? [...asked, 'history'] : asked;
  return {
    record_id: record.id,
    outcome: record.outcome,
    rule: record.rule,
    agreement: record.agreement,
    decided_early: record.decidedEarly,
    calls_saved: record.callsSaved,
    late_would_flip: record.lateWouldFlip,
    members: record.members.map((member) => ({
      id: member.id,
      name: member.name,
      backend: member.backend,
      status: member.status,
      answer: member.answer,
      key: member.key,
      tokens: member.tokens,
      duration_ms: member.durationMs,
      ...(member.history === undefined
        ? {}
        : { history: { shown: member.history.shown, left_out: member.history.leftOut } }),
      ...(member.error === undefined ? {} : { error: member.error }),
    })),
    dissent: record.dissent,
    missing: record.missing,
    seed: record.seed,
    ...(leftOut.length === 0 ? {} : { left_out: leftOut }),
  };
}

/** The field `witan` of a member's answer. */
export function witanOfMember(memberId: string, { generation, leftOut }: MemberAnswer): object {
  const { timeToFirstTokenMs, decodeTokensPerSecond, durationMs } = generation;
  const left: readonly RequestExtra[] = leftOut;
  return {
    member: memberId,
    ttft_ms: timeToFirstTokenMs,
    tokens_per_second: decodeTokensPerSecond,
    duration_ms: durationMs,
    ...(left.length === 0 ? {} : { left_out: left }),
  };
}

/**
 * The words of a round without an answer: those with which its members declined. The empty text where they said nothing.
 */
export function declinedWords({ members }: Deliberation): string {
  return members.find(({ status, answer }) => status === 'abstained' && answer !== '')?.answer.trim() ?? '';
}

/** `object: chat.completion`. */
export function completionBody(head: CompletionHead, { text, finish, usage, witan }: Completion): object {
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage,
    witan,
  };
}

/** One `object: chat.completion.chunk`. */
export function chunkBody(
  head: CompletionHead,
  delta: { readonly role?: 'assistant'; readonly content?: string },
  finish: Completion['finish'] | null,
): object {
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

/** An entry of `GET /v1/models`. */
export function modelBody(id: string, created: number, more: object): object {
  return { id, object: 'model', created, owned_by: 'witan', ...more };
}
