import { err } from '#kernel/result';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ModelActivity, ModelsPort, RoomWish, StoreOffer, StoreSpace } from '#contracts/models';
import type { WitanPorts } from '#contracts/ports';
import type { RoomPlan, StoredModel } from '#contracts/model-store';
import { listed } from '../quantities.ts';
import { giveSeat, takeSeat } from '../settings/seats.ts';
import { heldLine } from './models-words.ts';

import { OpenProblem } from './open-problem.ts';

/** Something that did not fit, and how it is tried again. */
export interface RoomNeed {
  readonly name: string;
  readonly wish: RoomWish;
  readonly again: () => Promise<void>;
}

/** Who would go for something that did not fit. */
export interface RoomOffer extends Omit<RoomNeed, 'wish'> {
  readonly plan: RoomPlan;
}

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
  /** Null: everything fits, or the user has answered. */
  roomOffer = $state.raw<RoomOffer | null>(null);
  /** Read out by screen readers. */
  announcement = $state('');

  /** What of the catalogue is not here. */
  readonly further = $derived(
    this.offers.filter(({ id }) => !(this.stored ?? []).some((model) => model.id === id)),
  );
  readonly #ports: Pick<WitanPorts, 'settings' | 'council'>;
  readonly #port: Promise<ModelsPort>;
  #opened: ModelsPort | null = null;
  #open: OpenProblem | null = null;
  /** The list could not be read when it was last looked at. */
  #unread = false;
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

  /** Bytes a second of its last download, in this visit or before. */
  lastSpeed(modelId: string): number | null {
    return this.#opened?.lastSpeed(modelId) ?? null;
  }

  async download(modelId: string, name: string): Promise<void> {
    const again = (): Promise<void> => this.download(modelId, name);
    this.roomOffer = null;
    const fetched = await this.#do(modelId, (port) => port.download(modelId));
    if (this.problem?.code === 'storage-full' && (await this.offerRoom({ name, wish: { modelId }, again })))
      this.#show(null);
    if (fetched?.model.state === 'verified') this.announcement = `${name} is on this device.`;
  }

  async pause(modelId: string): Promise<void> {
    await this.#do(modelId, (port) => port.pause(modelId));
  }

  async verify(modelId: string, name: string): Promise<void> {
    const verified = await this.#do(modelId, (port) => port.verify(modelId));
    if (verified === undefined) return;
    this.announcement =
      verified.state === 'verified'
        ? `Every part of ${name} is as it was written.`
        : `Parts of ${name} no longer match.`;
  }

  async remove(modelId: string, name: string): Promise<void> {
    // First its seat: it could not be loaded again.
    const left = await this.#do(modelId, () => takeSeat(this.#ports, modelId));
    if (left === undefined) return;
    const removed = await this.#do(modelId, (port) => port.remove(modelId));
    if (removed === undefined) return;
    const held = removed.heldBytes > 0 ? ` ${heldLine(removed.heldBytes)}` : '';
    this.announcement = `${name} is deleted.${held}`;
  }

  /** What did not fit becomes an offer to make room. @returns whether anybody can say how */
  async offerRoom({ name, wish, again }: RoomNeed): Promise<boolean> {
    const plan = await settled(this.#port.then((port) => port.planRoom(wish)));
    if (plan.ok) this.roomOffer = { name, plan: plan.value, again };
    return plan.ok;
  }

  /** The yes to the offer: deletes what it names, as far as that is needed, and tries again what did not fit. */
  async makeRoom(): Promise<void> {
    const offer = this.roomOffer;
    if (offer === null) return;
    this.roomOffer = null;
    const made = await this.#do(null, (port) => port.makeRoom(offer.plan));
    if (made === undefined) return;
    const names = offer.plan.eviction.models.filter(({ id }) => made.models.includes(id));
    if (names.length > 0) this.announcement = `Deleted: ${listed(names.map(({ name }) => name))}.`;
    await offer.again();
  }

  /** The no to it: everything stays. */
  keepAll(): void {
    this.roomOffer = null;
  }

  async pin(modelId: string, pinned: boolean): Promise<void> {
    await this.#do(modelId, (port) => port.pin(modelId, pinned));
  }

  /** Lets the model answer questions. */
  async seat(modelId: string, name: string): Promise<void> {
    const engine = this.#isMlc(modelId) ? 'web-llm' : 'wllama';
    const seated = await this.#do(modelId, () => giveSeat(this.#ports, { engine, id: modelId }));
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
  async #do<T>(
    modelId: string | null,
    use: (port: ModelsPort) => Promise<Outcome<T>>,
  ): Promise<T | undefined> {
    this.#show(null);
    const done = await settled(this.#port.then(use));
    if (done.ok) return done.value;
    if (done.error.code !== 'cancelled') this.#show(new OpenProblem(done.error, modelId, this.stored ?? []));
    return undefined;
  }

  #show(open: OpenProblem | null): void {
    this.#open = open;
    this.problem = open?.failure ?? null;
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
    if (stored.ok) {
      this.stored = stored.value;
      // What could not be read before, or has succeeded since, in another tab perhaps.
      if (this.#unread || this.#open?.solvedBy(stored.value) === true) this.#show(null);
    } else this.#show(new OpenProblem(stored.error, null, []));
    this.#unread = !stored.ok;
    if (space.ok) this.space = space.value;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const port = await this.#port;
    this.#opened = port;
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
