import type { MemberManner } from '#contracts/council';
import type { AskOptions } from '#contracts/deliberation';
import type { Backend } from '#contracts/engine';
import { modelIdentity, type ModelIdentity } from '#contracts/model-identity';
import type { RuleName, StopName } from '#contracts/rules';
import { answerShape } from '../council/answer-shape.ts';
import type { CacheQuestion } from '../council/cache/cache-key.ts';
import { memberRequest } from '../council/member-request.ts';
import { normalQuestion } from '../council/normal-question.ts';
import type { MemberRung, MemberSpec } from '../resources/member-spec.ts';

/** A seat of the council as it stands now, ready or not. */
export interface CacheSeat {
  readonly id: string;
  readonly name: string;
  readonly backend: Backend;
  readonly accuracy: number;
  readonly manner?: MemberManner;
  readonly model: ModelIdentity | null;
}

/** @param rung the one that the member stands on · @param backend where that really runs, or is meant to */
export function cacheSeat(spec: MemberSpec, rung: MemberRung, backend: Backend): CacheSeat {
  const { id, name, manner } = spec;
  return {
    id,
    name,
    backend,
    accuracy: rung.accuracy?.dev ?? 0, // as the vote has it
    model: modelIdentity(rung.engine, backend, rung.load),
    ...(manner === undefined ? {} : { manner }),
  };
}

export interface CacheSettings {
  readonly rule: RuleName;
  readonly stop: StopName;
  readonly samples: number;
  readonly seed: number;
  readonly abstain: string;
  /** Weights, chairman, prompts of the rule. */
  readonly parameters: CacheQuestion['parameters'];
}

/**
 * The question as the cache knows it: exactly what each wanted member would be sent.
 * @returns null when a member on a server takes part: its answers are its server's to give
 */
export function cacheQuestion(
  prompt: string,
  options: AskOptions,
  seats: readonly CacheSeat[],
  settings: CacheSettings,
): CacheQuestion | null {
  const { members: wanted, allowRemote = false, history = {} } = options;
  const question = normalQuestion(prompt);
  const { abstain } = settings;
  const seed = options.seed ?? settings.seed;
  const shape = answerShape(question, abstain);
  const asked = seats.filter(
    ({ id, backend }) => (wanted?.includes(id) ?? true) && (backend !== 'remote' || allowRemote !== false),
  );
  if (asked.length === 0 || asked.some(({ backend }) => backend === 'remote')) return null;
  const members = asked.map(({ id, name, model, accuracy, manner }) => {
    const turns = history[id]?.turns ?? [];
    const seat = manner === undefined ? {} : { manner };
    const request = memberRequest(seat, { prompt: question, shape, abstain, seed });
    return {
      id,
      name,
      model,
      accuracy,
      request: turns.length === 0 ? request : { ...request, history: turns },
    };
  });
  return { ...settings, prompt: question, seed, members };
}
