import { err, ok } from '#kernel/result';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { MemberView } from '#contracts/council';
import type { ModelOffers } from '#contracts/model-offer';
import type { BuiltInState, WitanPorts } from '#contracts/ports';
import { MOST_MEMBERS, type MemberChoice, type Settings } from '#contracts/settings';

/** The port's code is fetched with its first use, and that may fail. */
function settled<T>(outcome: Promise<Outcome<T>>): Promise<Outcome<T>> {
  return outcome.catch((thrown: unknown) => err(failureOf(thrown)));
}

/** Who sits on the council, what else could, and the changes to it. */
export class SettingsModel {
  settings = $state.raw<Settings | null>(null);
  members = $state.raw<readonly MemberView[]>([]);
  offers = $state.raw<ModelOffers | null>(null);
  /** Ids of the bundled models. */
  starters = $state.raw<readonly { readonly id: string; readonly name: string }[]>([]);
  builtIn = $state<BuiltInState>('absent');
  problem = $state.raw<WitanFailure | null>(null);
  /** A change is under way: it waits for a running round. */
  changing = $state(false);
  /** Read out by screen readers. */
  announcement = $state('');

  /** The seats in their order; the bundled council where nothing was chosen. */
  readonly choices = $derived<readonly MemberChoice[]>(
    this.settings?.members ?? this.starters.map(({ id }) => ({ engine: 'starter', id })),
  );
  readonly full = $derived(this.choices.length >= MOST_MEMBERS);
  readonly #ports: WitanPorts;

  constructor(ports: WitanPorts) {
    this.#ports = ports;
    this.members = ports.council.members();
  }

  /** Follows settings and members until the returned function is called. */
  connect(): () => void {
    const abort = new AbortController();
    const leaveCouncil = this.#ports.council.subscribe((event) => {
      if (event.type === 'members-changed') this.members = event.members;
    });
    const leaveSettings = this.#ports.settings.subscribe(() => void this.#read().catch(() => undefined));
    this.#learn(abort.signal).catch((thrown: unknown) => {
      this.problem = failure('engine-unavailable', {}, thrown); // its code could not be fetched
    });
    return () => {
      leaveCouncil();
      leaveSettings();
      abort.abort();
    };
  }

  view(id: string): MemberView | null {
    return this.members.find((member) => member.id === id) ?? null;
  }

  sits(id: string): boolean {
    return this.choices.some((choice) => choice.id === id);
  }

  /** Gives a seat; with `download` the model is fetched as well, which is the user's yes to it. */
  async add(choice: MemberChoice, name: string, download = false): Promise<void> {
    if (this.sits(choice.id) || this.full) return;
    const chosen = await this.#change(async (signal) => {
      await this.#read(); // another tab may have changed them meanwhile
      if (this.sits(choice.id)) return ok(null);
      return this.#ports.settings.choose(signal, [...this.choices, choice]);
    });
    if (!chosen) return;
    this.announcement = `${name} sits on the council.`;
    if (download) await this.download(choice.id);
  }

  async remove(id: string, name: string): Promise<void> {
    const removed = await this.#change(async (signal) => {
      await this.#read();
      const rest = this.choices.filter((choice) => choice.id !== id);
      // Without anybody there is no council: then it is the one that came with the app.
      return this.#ports.settings.choose(signal, rest.length === 0 ? null : rest);
    });
    if (removed) this.announcement = `${name} left the council.`;
  }

  /** The bundled council, and nobody else. */
  async reset(): Promise<void> {
    if (await this.#change((signal) => this.#ports.settings.choose(signal, null)))
      this.announcement = 'The council is the one that came with the app.';
  }

  async allowBuiltIn(allowed: boolean): Promise<void> {
    await this.#change((signal) => this.#ports.settings.allowBuiltIn(signal, allowed));
    await this.#lookAtBuiltIn(new AbortController().signal);
  }

  /** Loads a member, its download included. What goes wrong is shown with the member. */
  async download(id: string): Promise<void> {
    await this.#ports.council.download(id);
    await this.#look(new AbortController().signal);
  }

  /** Deletes a model's files, and its seat with them. */
  async removeFiles(id: string, name: string): Promise<void> {
    const removed = await this.#change((signal) => this.#ports.settings.removeFiles(signal, id));
    if (removed) this.announcement = `The files of ${name} are deleted.`;
    await this.#look(new AbortController().signal);
  }

  async #lookAtBuiltIn(signal: AbortSignal): Promise<void> {
    const builtIn = await settled(this.#ports.settings.builtIn(signal));
    if (signal.aborted) return;
    if (builtIn.ok) this.builtIn = builtIn.value;
    else this.problem = builtIn.error;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const offers = await settled(this.#ports.settings.offers(signal));
    if (signal.aborted) return;
    if (offers.ok) this.offers = offers.value;
    else this.problem = offers.error;
  }

  async #learn(signal: AbortSignal): Promise<void> {
    await this.#read();
    const about = await this.#ports.council.about(signal);
    if (signal.aborted) return;
    if (about.ok) this.starters = about.value.members.map(({ id, name }) => ({ id, name }));
    this.members = this.#ports.council.members();
    await this.#lookAtBuiltIn(signal);
    await this.#look(signal);
  }

  async #read(): Promise<void> {
    const settings = await this.#ports.settings.read();
    if (settings.ok) this.settings = settings.value;
    else this.problem = settings.error;
  }

  async #change(change: (signal: AbortSignal) => Promise<Outcome<null>>): Promise<boolean> {
    if (this.changing) return false;
    this.changing = true;
    this.problem = null;
    try {
      const changed = await change(new AbortController().signal);
      if (!changed.ok) this.problem = changed.error;
      await this.#read();
      return changed.ok;
    } catch (thrown) {
      this.problem = failureOf(thrown);
      return false;
    } finally {
      this.changing = false;
    }
  }
}
