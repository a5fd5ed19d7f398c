import type { MemberManner } from '#contracts/council';
import type { StarterCouncil, StarterMember } from '#contracts/starter';
import { FREE_ANSWER_TOKENS } from '../council/answer-shape.ts';
import { starterSpec, type MemberSpec } from '../resources/member-spec.ts';

/** Tokens the chat template adds around the question. */
const TEMPLATE_TOKENS = 4;

/** Trained on bare questions, answers within the second; its tokenizer makes one token of a character. */
function manner(context: number): MemberManner {
  return {
    system: null,
    freeAnswerTokens: FREE_ANSWER_TOKENS,
    promptLimit: context - FREE_ANSWER_TOKENS - TEMPLATE_TOKENS,
    softDeadlineMs: 10_000,
    hardDeadlineMs: 30_000,
  };
}

/**
 * The bundled members, which share the CPU threads among them.
 * @param urlOf absolute URL of a bundled model file
 * @param threads CPU threads to divide; 1 where the page is not isolated
 * @param wanted ids of those that take part
 */
export function starterMembers(
  about: StarterCouncil,
  urlOf: (file: string) => string,
  threads: number,
  wanted: readonly string[] = about.members.map(({ id }) => id),
): readonly MemberSpec[] {
  const chosen = wanted.flatMap((id): readonly StarterMember[] =>
    about.members.filter((member) => member.id === id),
  );
  const share = Math.max(1, Math.floor(threads / Math.max(1, chosen.length)));
  return chosen.map((member) => ({
    ...starterSpec(member, urlOf(member.file), share),
    manner: manner(member.context),
  }));
}
