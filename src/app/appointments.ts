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
  readonly further: () => Promise<FurtherMembers>;
  readonly urlOf: (file: string) => string;
  /** CPU threads to divide; 1 where the page is not isolated. */
  readonly threads: () => number;
}

const idsOf = (choices: readonly MemberChoice[], engine: MemberChoice['engine']): readonly string[] =>
  choices.filter((choice) => choice.engine === engine).map(({ id }) => id);

/** A seat that is named twice is one seat. */
const oncePerId = (choices: readonly MemberChoice[] | null): readonly MemberChoice[] | null =>
  choices?.filter(({ id }, index) => choices.findIndex((other) => other.id === id) === index) ?? null;

/** Makes members of what the user chose. */
export class Appointments {
  readonly #ports: AppointmentsPorts;

  constructor(ports: AppointmentsPorts) {
    this.#ports = ports;
  }

  /** Errors: engine-unavailable (the code of the engines chosen could not be fetched), and those of the catalogue. */
  async members(signal: AbortSignal, about: StarterCouncil): Promise<Outcome<Appointment>> {
    const { chosen, further, urlOf, threads } = this.#ports;
    // Settings that cannot be read are told on their page; the council that comes with the app always works.
    const stored = await chosen().catch(() => null);
    const choices = stored?.ok === true ? oncePerId(stored.value) : null;
    if (choices === null)
      return ok({ specs: starterMembers(about, urlOf, threads()), incomplete: stored === null });
    const starters = starterMembers(about, urlOf, threads(), idsOf(choices, 'starter'));
    const others = choices.filter(({ engine }) => engine !== 'starter');
    if (others.length === 0 && starters.length > 0) return ok({ specs: starters });
    let members: FurtherMembers;
    try {
      members = await further();
    } catch (thrown) {
      // Offline, or a newer version has taken its place: those that came with the app do without.
      if (starters.length > 0) return ok({ specs: starters, incomplete: true });
      return err(failure('engine-unavailable', {}, thrown));
    }
    const specs = await members.specs(signal, others);
    if (!specs.ok) return specs;
    const all = [...starters, ...specs.value];
    const incomplete = all.some(({ unavailable }) => unavailable !== undefined);
    const inOrder = choices.flatMap(({ id }): readonly MemberSpec[] => all.filter((spec) => spec.id === id));
    // Nobody of those chosen exists any more.
    if (inOrder.length === 0) return ok({ specs: starterMembers(about, urlOf, threads()) });
    return ok({ specs: inOrder, deadlyRungs: await members.deadlyRungs(), incomplete });
  }
}
