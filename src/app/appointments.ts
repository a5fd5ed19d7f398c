import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MemberChoice } from '#contracts/settings';
import type { StarterCouncil } from '#contracts/starter';
import type { MemberSpec } from '../resources/member-spec.ts';
import type { Appointment } from './council-service.ts';
import type { FurtherMembers } from './further-members.ts';
import { starterMembers } from './starter-members.ts';

export interface AppointmentsPorts {
  /** The seats as the user chose them; null: the bundled council. */
  readonly chosen: () => Promise<Outcome<readonly MemberChoice[] | null>>;
  /** Everything that only councils other than the bundled one need; fetched when one is chosen. */
  readonly further: () => Promise<Pick<FurtherMembers, 'appointment'>>;
  readonly urlOf: (file: string) => string;
  /** CPU threads to divide; 1 where the page is not isolated. */
  readonly threads: () => number;
}

/** Makes members of what the user chose. */
export class Appointments {
  readonly #ports: AppointmentsPorts;

  constructor(ports: AppointmentsPorts) {
    this.#ports = ports;
  }

  /** Errors: engine-unavailable (the code of the engines chosen could not be fetched), cancelled. */
  async members(signal: AbortSignal, about: StarterCouncil): Promise<Outcome<Appointment>> {
    const { chosen, further, urlOf, threads } = this.#ports;
    const starters = (ids?: readonly string[]): readonly MemberSpec[] =>
      starterMembers(about, urlOf, threads(), ids);
    // Settings that cannot be read are told on their page; the council that comes with the app always works.
    const stored = await chosen().catch(() => null);
    const choices = stored?.ok === true ? stored.value : null;
    // Where the code to read them could not be fetched (offline, a newer version in its place) the next who asks tries again.
    if (choices === null) return ok({ specs: starters(), incomplete: stored === null });
    try {
      return await (await further()).appointment(signal, choices, starters);
    } catch (thrown) {
      return err(failure('engine-unavailable', {}, thrown));
    }
  }
}
