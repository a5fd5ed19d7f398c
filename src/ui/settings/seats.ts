import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { WitanPorts } from '#contracts/ports';
import { MOST_MEMBERS, type MemberChoice } from '#contracts/settings';

/**
 * Gives a model a seat beside those who sit already (the bundled council, where nothing was chosen).
 * @returns what came of it: it sits now, it sat before, or there is no seat left
 * Errors: those of the settings, and of the bundled council.
 */
export async function giveSeat(
  { settings, council }: Pick<WitanPorts, 'settings' | 'council'>,
  choice: MemberChoice,
): Promise<Outcome<'seated' | 'sat' | 'full'>> {
  const { signal } = new AbortController();
  const read = await settings.read();
  if (!read.ok) return read;
  let seats: readonly MemberChoice[] | null = read.value.members;
  if (seats === null) {
    const about = await council.about(signal);
    if (!about.ok) return about;
    seats = about.value.members.map(({ id }) => ({ engine: 'starter', id }));
  }
  if (seats.some(({ id }) => id === choice.id)) return ok('sat');
  if (seats.length >= MOST_MEMBERS) return ok('full');
  const chosen = await settings.choose(signal, [...seats, choice]);
  return chosen.ok ? ok('seated') : chosen;
}

/**
 * Takes a model off the council; nothing happens where it does not sit. Without anybody left it is the council that came
 * with the app.
 * Errors: those of the settings.
 */
export async function takeSeat(
  { settings }: Pick<WitanPorts, 'settings'>,
  id: string,
): Promise<Outcome<null>> {
  const read = await settings.read();
  if (!read.ok) return read;
  const seats = read.value.members;
  const rest = seats?.filter((choice) => choice.id !== id);
  if (rest === undefined || rest.length === seats?.length) return ok(null);
  return settings.choose(new AbortController().signal, rest.length === 0 ? null : rest);
}
