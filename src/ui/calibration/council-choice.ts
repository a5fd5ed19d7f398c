import type { StoredModel } from '#contracts/model-store';
import type { MemberChoice } from '#contracts/settings';

/** Where the seats of members are looked up. */
export interface KnownSeats {
  /** The seats as they are chosen now. */
  readonly chosen: readonly MemberChoice[];
  /** Ids of the bundled models. */
  readonly starters: readonly string[];
  readonly stored: readonly Pick<StoredModel, 'id' | 'format' | 'state'>[];
}

function seatOf(id: string, { chosen, starters, stored }: KnownSeats): MemberChoice | null {
  const now = chosen.find((choice) => choice.id === id);
  if (now !== undefined) return now;
  if (starters.includes(id)) return { engine: 'starter', id };
  const model = stored.find((each) => each.id === id && each.state !== 'tombstone');
  if (model === undefined) return null;
  return { engine: model.format === 'mlc' ? 'web-llm' : 'wllama', id };
}

/**
 * The council of these members. Servers keep their seats: nobody measured them, and they are asked only with a yes.
 * @returns the ids of members that are not on this device any more, if there are any
 */
export function councilOf(
  ids: readonly string[],
  seats: KnownSeats,
): { readonly members: readonly MemberChoice[]; readonly gone: readonly string[] } {
  const found = ids.map((id) => [id, seatOf(id, seats)] as const);
  const servers = seats.chosen.filter(({ engine, id }) => engine === 'remote' && !ids.includes(id));
  return {
    members: [...found.flatMap(([, seat]) => (seat === null ? [] : [seat])), ...servers],
    gone: found.flatMap(([id, seat]) => (seat === null ? [id] : [])),
  };
}
