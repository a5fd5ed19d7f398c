import type { GenerateRequest } from '#contracts/engine';
import type { ModelIdentity } from '#contracts/model-identity';
import type { RuleName, StopName } from '#contracts/rules';

/** A member as far as an answer depends on it. */
export interface CacheMember {
  readonly id: string;
  /** Free text is compared without the members' names. */
  readonly name: string;
  /** Null: nobody can say which weights it will be. */
  readonly model: ModelIdentity | null;
  /** Breaks ties. */
  readonly accuracy: number;
  /** All that it is sent: question, instruction, earlier turns, grammar, limits, seed. */
  readonly request: GenerateRequest;
}

/** Everything that the council's answer depends on. Two questions that are equal here have the same answer. */
export interface CacheQuestion {
  /** Through `normalQuestion`. */
  readonly prompt: string;
  /** In their order, which decides ties between equals. */
  readonly members: readonly CacheMember[];
  /** `auto` chooses by what else stands here (kind of question, members, samples), and says in the record what it chose. */
  readonly rule: RuleName | 'auto';
  readonly stop: StopName;
  /** Answers asked of each member. */
  readonly samples: number;
  /** Everything else that was asked for: chairman, prompts of a rule, weights, deadlines. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly abstain: string;
}

/** Raised whenever the council itself (grammars, keys, rules) begins to answer otherwise: no older answer is found then. */
export const ANSWERING_VERSION = 1;

/** JSON whose objects have their keys in order, so that equal values have equal texts. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * The key under which the answer is kept: SHA-256 of the question's canonical text, lower-case hexadecimal.
 * @returns null for what is never kept: a member on a server, or one of whom nobody can say which weights it has. Also
 * where the page may not hash (it is no secure context).
 */
export async function cacheKey(question: CacheQuestion): Promise<string | null> {
  const known = question.members.every(
    ({ model }) => model !== null && model.revision !== null && model.backend !== 'remote',
  );
  if (!known || question.members.length === 0 || !isSecureContextHere()) return null;
  const text = canonicalText({ version: ANSWERING_VERSION, ...question });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Without one there is no `crypto.subtle`. */
function isSecureContextHere(): boolean {
  return Reflect.get(crypto, 'subtle') !== undefined;
}

/** The models that an answer comes from, to forget it when one of them goes. */
export function modelsOf({ members }: CacheQuestion): readonly string[] {
  return [...new Set(members.flatMap(({ model }) => (model === null ? [] : [model.id])))];
}
