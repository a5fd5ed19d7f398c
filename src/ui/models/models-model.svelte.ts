import { err } from '#kernel/result';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ModelActivity, ModelsPort, StoreOffer, StoreSpace } from '#contracts/models';
import type { WitanPorts } from '#contracts/ports';
import type { StoredModel } from '#contracts/model-store';
import { giveSeat, takeSeat } from '../settings/seats.ts';

/** The port's code is fetched with its first use, and that may fail. */
function settled<T>(outcome: Promise<Outcome<T>>): Promise<Outcome<T>> {
  return outcome.catch((thrown: unknown) => err(failureOf(thrown)));
}

/** The models of this device, those of the catalogue, and what is done to them. */
export class ModelsModel {
  /** Null until the store has been read. */
  stored = $state.raw<readonly StoredModel[] | null>(null);
  offers = $state.raw<readonly StoreOffer[]>([]);
  space = $state.raw<StoreSpace | null>(null);
  activity = $state.raw<readonly ModelActivity[]>([]);
  problem = $state.raw<WitanFailure | null>(null);
  /** Read out by screen readers. */
  announcement = $state('');
  importing = $state(false);

  /** What of the catalogue is not here. */
  readonly further = $derived(
    this.offers.filter(({ id }) => !(this.stored ?? []).some((model) => model.id === id)),
  );
  readonly #ports: Pick<WitanPorts, 'settings' | 'council'>;
  readonly #port: Promise<ModelsPort>;
  #reading = false;
  #wanted = false;

  constructor(ports: Pick<WitanPorts, 'models' | 'settings' | 'council'>) {
    this.#ports = ports;
    this.#port = ports.models();
  }

  /** Follows the store until the returned function is called. */
  connect(): () => void {
    const abort = new AbortController();
    this.#follow(abort.signal).catch((thrown: unknown) => {
      this.problem = failureOf(thrown); // its code could not be fetched
    });
    return () => {
      abort.abort();
    };
  }

  progressOf(modelId: string): ModelActivity | null {
    return this.activity.find((progress) => progress.modelId === modelId) ?? null;
  }

  /** Whether the store has a way to fetch this model: it is of the catalogue, as models of MLC always are. */
  canFetch(modelId: string): boolean {
    return this.offers.some(({ id }) => id === modelId) || this.#isMlc(modelId);
  }

  async download(modelId: string, name: string): Promise<void> {
    const fetched = await this.#do((port) => port.download(modelId));
    if (fetched?.model.state === 'verified') this.announcement = `${name} is on this device.`;
  }

  async pause(modelId: string): Promise<void> {
    await this.#do((port) => port.pause(modelId));
  }

  async verify(modelId: string, name: string): Promise<void> {
    const verified = await this.#do((port) => port.verify(modelId));
    if (verified === undefined) return;
    this.announcement =
      verified.state === 'verified'
        ? `Every part of ${name} is as it was written.`
        : `Parts of ${name} no longer match.`;
  }

  async remove(modelId: string, name: string): Promise<void> {
    // First its seat: it could not be loaded again.
    const left = await this.#do(() => takeSeat(this.#ports, modelId));
    if (left === undefined) return;
    const removed = await this.#do((port) => port.remove(modelId));
    if (removed !== undefined) this.announcement = `${name} is deleted.`;
  }

  async pin(modelId: string, pinned: boolean): Promise<void> {
    await this.#do((port) => port.pin(modelId, pinned));
  }

  async importFiles(files: readonly File[]): Promise<void> {
    if (files.length === 0 || this.importing) return;
    this.importing = true;
    const taken = await this.#do((port) => port.importFiles(files));
    this.importing = false;
    if (taken !== undefined) this.announcement = `${taken.name} is on this device.`;
  }

  /** Lets the model answer questions. */
  async seat(modelId: string, name: string): Promise<void> {
    const engine = this.#isMlc(modelId) ? 'web-llm' : 'wllama';
    const seated = await this.#do(() => giveSeat(this.#ports, { engine, id: modelId }));
    if (seated === undefined) return;
    this.announcement = {
      seated: `${name} sits on the council.`,
      sat: `${name} sits on the council already.`,
      full: 'No seat is left: remove somebody in the settings first.',
    }[seated];
  }

  async persist(): Promise<void> {
    await (await this.#port).persist();
    await this.#read();
  }

  #isMlc(modelId: string): boolean {
    return this.stored?.some(({ id, format }) => id === modelId && format === 'mlc') === true;
  }

  /** Undefined when it failed, which is then shown; to be stopped by the user is no failure. */
  async #do<T>(use: (port: ModelsPort) => Promise<Outcome<T>>): Promise<T | undefined> {
    this.problem = null;
    const done = await settled(this.#port.then(use));
    if (done.ok) return done.value;
    if (done.error.code !== 'cancelled') this.problem = done.error;
    return undefined;
  }

  /** One look at a time, and another after it where one was wanted meanwhile. */
  async #read(): Promise<void> {
    this.#wanted = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#wanted) {
        this.#wanted = false;
        await this.#look();
      }
    } finally {
      this.#reading = false;
    }
  }

  async #look(): Promise<void> {
    const port = await this.#port;
    const [stored, space] = await Promise.all([settled(port.list()), settled(port.space())]);
    if (stored.ok) this.stored = stored.value;
    else this.problem = stored.error;
    if (space.ok) this.space = space.value;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const port = await this.#port;
    if (signal.aborted) return;
    const leave = port.subscribe(() => {
      this.activity = port.activity();
      void this.#read();
    });
    signal.addEventListener('abort', leave);
    this.activity = port.activity();
    await this.#read();
    const offers = await settled(port.offers(signal));
    if (signal.aborted) return;
    if (offers.ok) this.offers = offers.value;
    else this.problem = offers.error;
  }
}
