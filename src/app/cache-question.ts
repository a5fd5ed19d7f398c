import type { MemberManner } from '#contracts/council';
import type { AskOptions } from '#contracts/deliberation';
import type { Backend } from '#contracts/engine';
import { modelIdentity, type ModelIdentity } from '#contracts/model-identity';
import { answerShape } from '../council/answer-shape.ts';
import type { CacheQuestion } from '../council/cache/cache-key.ts';
import { memberRequest } from '../council/member-request.ts';
import { normalQuestion } from '../council/normal-question.ts';
import type { SeatedMember } from '../resources/member-spec.ts';

/** As a round has it where none is named. */
const DEFAULT_SEED = 1;

/** A seat of the council as it stands now, ready or not. */
export interface CacheSeat {
  readonly id: string;
  readonly name: string;
  readonly backend: Backend;
  readonly accuracy: number;
  readonly manner?: MemberManner;
  readonly model: ModelIdentity | null;
}

export function cacheSeat({ spec, rung, backend }: SeatedMember): CacheSeat {
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

/**
 * The question as the cache knows it: exactly what each wanted member would be sent, and everything that was asked for
 * besides. An option that nobody here knows is part of it too: at worst two equal questions are told apart.
 * @param abstain the exact sentence with which members decline
 * @returns null when a member on a server takes part: its answers are its server's to give; and when somebody is wanted
 * who is no member: the council says so
 */
export function cacheQuestion(
  prompt: string,
  options: AskOptions,
  seats: readonly CacheSeat[],
  abstain: string,
): CacheQuestion | null {
  const {
    members: wanted,
    allowRemote = false,
    history = {},
    rule = 'auto',
    stop = 'exact',
    samples = 1,
    seed = DEFAULT_SEED,
    fresh: _fresh,
    threadId: _threadId,
    ...parameters
  } = options;
  if (wanted?.some((id) => !seats.some((seat) => seat.id === id)) === true) return null;
  const question = normalQuestion(prompt);
  const shape = answerShape(question, abstain);
  const asked = seats.filter(
    ({ id, backend }) =>
      (wanted?.includes(id) ?? true) &&
      (backend !== 'remote' || (typeof allowRemote === 'boolean' ? allowRemote : allowRemote.includes(id))),
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
  return { prompt: question, members, rule, stop, samples, parameters, seed, abstain };
}
