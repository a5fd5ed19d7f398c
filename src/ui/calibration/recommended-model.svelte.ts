import type { Recommendation } from '#contracts/calibration';
import { failure, failureOf, type WitanFailure } from '#contracts/errors';
import type { WitanPorts } from '#contracts/ports';
import type { MemberChoice } from '#contracts/settings';
import { councilOf } from './council-choice.ts';
import { seatsNow } from './seats-now.ts';

/** The members that a record speaks for: its best pair or trio, else the best member alone. */
export function recommendedIds({
  councils,
  admissions,
}: Pick<Recommendation, 'councils' | 'admissions'>): readonly string[] {
  const [best] = councils;
  return (
    best?.members ??
    admissions.filter(({ admission }) => admission === 'best').map(({ memberId }) => memberId)
  );
}

/** Makes recommended members the council, and knows the way back. */
export class RecommendedModel {
  /** Ids of the seats now; null until they are known. */
  seated = $state.raw<readonly string[] | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** A change is under way: it waits for a running round. */
  changing = $state(false);
  announcement = $state('');
  /** What was chosen before; absent: nothing was changed here. `null` in it: the council that comes with the app. */
  before = $state.raw<{ readonly members: readonly MemberChoice[] | null } | null>(null);
  readonly #ports: WitanPorts;

  constructor(ports: WitanPorts) {
    this.#ports = ports;
  }

  connect(): () => void {
    void this.#look();
    return this.#ports.settings.subscribe(() => void this.#look());
  }

  /** Whether these, and besides them servers alone, have the seats. */
  isCouncil(ids: readonly string[]): boolean {
    const { seated } = this;
    return seated !== null && seated.length === ids.length && ids.every((id) => seated.includes(id));
  }

  async use(ids: readonly string[]): Promise<void> {
    await this.#change(async (signal) => {
      const seats = await seatsNow(this.#ports, signal);
      if (!seats.ok) return seats.error;
      const stored = await (await this.#ports.models()).list();
      const council = councilOf(ids, { ...seats.value, stored: stored.ok ? stored.value : [] });
      const [gone] = council.gone;
      if (gone !== undefined) return failure('member-unknown', { member: gone });
      const chosen = await this.#ports.settings.choose(signal, council.members);
      // What could not be kept holds in this tab all the same.
      if (chosen.ok || chosen.error.code === 'storage-failed') this.before ??= { members: seats.value.asSet };
      if (!chosen.ok) return chosen.error;
      this.announcement = 'These members are the council now.';
      return null;
    });
  }

  async goBack(): Promise<void> {
    const { before } = this;
    if (before === null) return;
    await this.#change(async (signal) => {
      const chosen = await this.#ports.settings.choose(signal, before.members);
      if (!chosen.ok) return chosen.error;
      this.before = null;
      this.announcement = 'The council is as it was before.';
      return null;
    });
  }

  async #look(): Promise<void> {
    try {
      const seats = await seatsNow(this.#ports, new AbortController().signal);
      if (seats.ok)
        this.seated = seats.value.chosen.filter(({ engine }) => engine !== 'remote').map(({ id }) => id);
    } catch (thrown) {
      this.problem = failureOf(thrown);
    }
  }

  /** @param change resolves to what went wrong */
  async #change(change: (signal: AbortSignal) => Promise<WitanFailure | null>): Promise<void> {
    if (this.changing) return;
    this.changing = true;
    this.problem = null;
    this.announcement = '';
    try {
      this.problem = await change(new AbortController().signal);
    } catch (thrown) {
      this.problem = failureOf(thrown);
    } finally {
      this.changing = false;
    }
    await this.#look();
  }
}

const models = new WeakMap<WitanPorts, RecommendedModel>();

/** One for the whole app: the way back is there when the page is opened again. */
export function recommendedModel(ports: WitanPorts): RecommendedModel {
  const known = models.get(ports) ?? new RecommendedModel(ports);
  models.set(ports, known);
  return known;
}
