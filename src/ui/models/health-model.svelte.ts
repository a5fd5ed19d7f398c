import { err } from '#kernel/result';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ModelActivity, ModelsPort } from '#contracts/models';
import type { WitanPorts } from '#contracts/ports';
import type { StoreHealth } from '#contracts/store-health';

/**
 * Asked for when the room is measured: what models of a usual size take. More would not be harmless: in a private window
 * Chromium keeps such files in memory, and takes it when they grow (400 MB took 1.3 s).
 */
export const ASKED_BYTES = 2 ** 30;

function settled<T>(outcome: Promise<Outcome<T>>): Promise<Outcome<T>> {
  return outcome.catch((thrown: unknown) => err(failureOf(thrown)));
}

/** How the store of models is, looked at anew whenever something changes in any tab. */
export class HealthModel {
  /** Null until the store has been read. */
  health = $state.raw<StoreHealth | null>(null);
  activity = $state.raw<readonly ModelActivity[]>([]);
  problem = $state.raw<WitanFailure | null>(null);
  /** What is done just now, of what takes long. */
  busy = $state<'measuring' | 'checking' | null>(null);
  /** Read out by screen readers. */
  announcement = $state('');
  readonly #port: Promise<ModelsPort>;
  #looks = 0;

  constructor(ports: Pick<WitanPorts, 'models'>) {
    this.#port = ports.models();
  }

  /** Follows the store until the returned function is called. */
  connect(): () => void {
    let leave: () => void = () => undefined;
    let left = false;
    this.#port.then(
      (port) => {
        if (left) return;
        leave = port.subscribe(() => {
          this.activity = port.activity();
          void this.#look();
        });
        this.activity = port.activity();
        void this.#look();
      },
      (thrown: unknown) => {
        this.problem = failureOf(thrown); // its code could not be fetched
      },
    );
    return () => {
      left = true;
      leave();
    };
  }

  progressOf(modelId: string): ModelActivity | null {
    return this.activity.find((progress) => progress.modelId === modelId) ?? null;
  }

  /** Asks the browser for room, by reserving it for a moment. */
  async measure(): Promise<void> {
    if (this.busy !== null) return;
    this.busy = 'measuring';
    await this.#look(ASKED_BYTES);
    this.busy = null;
  }

  /** Reads every byte of every model that is whole, one after the other. */
  async checkAll(): Promise<void> {
    const models = this.health?.models ?? [];
    if (this.busy !== null) return;
    this.busy = 'checking';
    const bad: string[] = [];
    for (const { id, name } of models.filter(({ state }) => state === 'verified' || state === 'suspect')) {
      const checked = await settled(this.#port.then((port) => port.verify(id)));
      if (!checked.ok) this.problem = checked.error;
      else if (checked.value.state !== 'verified') bad.push(name);
    }
    this.busy = null;
    await this.#look();
    this.announcement =
      bad.length === 0 ? 'Everything is as it was written.' : `Parts no longer match: ${bad.join(', ')}.`;
  }

  async persist(): Promise<void> {
    await this.#port.then((port) => port.persist());
    await this.#look();
  }

  /** The document as it is now; what was measured last is in it. Null when the store cannot be read. */
  async exported(): Promise<StoreHealth | null> {
    await this.#look();
    return this.health;
  }

  async #look(askBytes?: number): Promise<void> {
    this.#looks += 1;
    const look = this.#looks;
    const health = await settled(this.#port.then((port) => port.health(askBytes)));
    if (!health.ok) {
      this.problem = health.error;
      return;
    }
    // A look that was overtaken by another says what was; only what it has measured is news.
    const { measured } = health.value.space;
    const shown = look === this.#looks ? health.value : (this.health ?? health.value);
    const known = measured ?? this.health?.space.measured ?? null;
    this.health = { ...shown, space: { ...shown.space, measured: known } };
  }
}
