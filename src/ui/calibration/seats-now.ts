import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { WitanPorts } from '#contracts/ports';
import type { MemberChoice } from '#contracts/settings';

export type SeatPorts = Pick<WitanPorts, 'settings' | 'council'>;

/** The seats, also where nothing was chosen. Errors: those of the settings, and of the bundled council. */
export async function seatsNow(
  { settings, council }: SeatPorts,
  signal: AbortSignal,
): Promise<
  Outcome<{
    /** Null: the council that comes with the app. */
    readonly asSet: readonly MemberChoice[] | null;
    readonly chosen: readonly MemberChoice[];
    /** Ids of the bundled models. */
    readonly starters: readonly string[];
  }>
> {
  const read = await settings.read();
  if (!read.ok) return read;
  const about = await council.about(signal);
  if (!about.ok) return about;
  const starters = about.value.members.map(({ id }) => id);
  const asSet = read.value.members;
  return ok({ asSet, starters, chosen: asSet ?? starters.map((id) => ({ engine: 'starter', id })) });
}

/** The council without these. Nothing happens where that leaves nobody. Errors: those of `seatsNow` and the settings. */
export async function leaveOut(
  ports: SeatPorts,
  signal: AbortSignal,
  ids: readonly string[],
): Promise<Outcome<null>> {
  const seats = await seatsNow(ports, signal);
  if (!seats.ok) return seats;
  const rest = seats.value.chosen.filter(({ id }) => !ids.includes(id));
  return rest.length === 0 ? ok(null) : ports.settings.choose(signal, rest);
}
