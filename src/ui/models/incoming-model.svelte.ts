import { err, ok } from '#kernel/result';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { GgufSet } from '#contracts/gguf';
import type { ModelDemand } from '#contracts/model-fit';
import type { ModelActivity, ModelsPort } from '#contracts/models';
import type { StoredModel } from '#contracts/model-store';
import type { WitanPorts } from '#contracts/ports';
import { fileSets } from './file-sets.ts';
import type { RoomNeed } from './models-model.svelte.ts';
import { OpenProblem } from './open-problem.ts';

/** Files of the user's that were looked at, and wait for a yes. */
export interface ExaminedFiles {
  readonly files: readonly File[];
  readonly set: GgufSet;
  readonly demand: ModelDemand;
}

/** What the page shows of the store, and asks where something does not fit. */
export interface StorePage {
  readonly stored: readonly StoredModel[] | null;
  readonly activity: readonly ModelActivity[];
  offerRoom(need: RoomNeed): Promise<boolean>;
}

/**
 * Files on their way into the store: dropped, chosen, or opened with the app. One model after another is looked at, shown,
 * and taken in when the user says so; what is refused is said, and the next is looked at.
 */
export class IncomingModel {
  examined = $state.raw<ExaminedFiles | null>(null);
  looking = $state(false);
  taking = $state(false);
  /** How many further models wait to be looked at. */
  waiting = $state(0);
  /** Read out by screen readers. */
  announcement = $state('');
  #refused = $state.raw<readonly OpenProblem[]>([]);
  /** What was refused, and has not come in since. */
  readonly problems = $derived(this.#refused.filter((problem) => !problem.solvedBy(this.#page.stored ?? [])));
  /** Imports that have no card of their own yet. */
  readonly activity = $derived.by(() =>
    this.#page.activity.filter(
      ({ phase, modelId }) =>
        phase === 'import' && !(this.#page.stored ?? []).some(({ id }) => id === modelId),
    ),
  );

  readonly #page: StorePage;
  readonly #port: Promise<ModelsPort>;
  readonly #queue: (readonly File[])[] = [];

  constructor(ports: Pick<WitanPorts, 'models'>, page: StorePage) {
    this.#page = page;
    this.#port = ports.models();
  }

  /** Takes what the system asked the app to open, until the returned function is called. */
  connect(): () => void {
    let leave: (() => void) | null = null;
    let connected = true;
    this.#port.then(
      (port) => {
        if (connected) leave = port.opened.listen(() => void this.#takeOpened(port));
      },
      () => undefined,
    );
    return () => {
      connected = false;
      leave?.();
    };
  }

  /** Files that were dropped or chosen together. */
  async add(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    if (!this.looking && !this.taking) {
      this.#refused = [];
      this.announcement = '';
    }
    this.#queue.push(files);
    await this.#next();
  }

  /** The user's yes to what was looked at. */
  async accept(): Promise<void> {
    if (this.examined !== null && !this.taking) await this.#take(this.examined);
  }

  async #take(examined: ExaminedFiles): Promise<void> {
    this.taking = true;
    const taken = await this.#ask((port) => port.importFiles(examined.files));
    if (taken.ok) {
      this.announcement = `${taken.value.name} is on this device.`;
      this.#refused = this.#refused.map((problem) => problem.besides(taken.value));
    } else if (taken.error.code !== 'cancelled' && !(await this.#roomOffered(taken.error, examined)))
      await this.#refuse(taken.error);
    if (this.examined === examined) this.examined = null;
    this.taking = false;
    await this.#next();
  }

  async #roomOffered({ code }: WitanFailure, examined: ExaminedFiles): Promise<boolean> {
    const { files } = examined;
    const need = { name: files[0]?.name ?? '', wish: { files }, again: () => this.#take(examined) };
    return code === 'storage-full' && (await this.#page.offerRoom(need));
  }

  async dismiss(): Promise<void> {
    if (this.taking) return;
    this.examined = null;
    await this.#next();
  }

  /** Stops an import; it leaves nothing. */
  async stop(modelId: string): Promise<void> {
    await this.#ask((port) => port.pause(modelId));
  }

  async #takeOpened(port: ModelsPort): Promise<void> {
    for (let files = port.opened.take(); files !== null; files = port.opened.take()) await this.add(files);
  }

  /** Looks at what waits until something needs an answer. */
  async #next(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    while (this.examined === null) {
      const files = this.#queue.shift();
      if (files === undefined) break;
      this.#count();
      await this.#examine(files);
    }
    this.#count();
    this.looking = false;
  }

  async #examine(files: readonly File[]): Promise<void> {
    const examined = await this.#ask(async (port): Promise<Outcome<ExaminedFiles>> => {
      const set = await port.examine(files);
      if (!set.ok) return set;
      const sizes = files.map(({ size }) => size);
      return ok({ files, set: set.value, demand: port.demand(set.value.summary, sizes) });
    });
    if (examined.ok) {
      this.examined = examined.value;
      return;
    }
    // Not one model: then each by itself, as far as their names tell them apart.
    const sets = fileSets(files);
    if (sets.length > 1) this.#queue.unshift(...sets);
    else await this.#refuse(examined.error);
  }

  async #refuse(failure: WitanFailure): Promise<void> {
    const stored = await this.#ask((port) => port.list());
    this.#refused = [...this.#refused, new OpenProblem(failure, 'import', stored.ok ? stored.value : [])];
  }

  #count(): void {
    this.waiting = this.#queue.length;
  }

  #ask<T>(use: (port: ModelsPort) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.#port.then(use).then(
      (outcome) => (outcome.ok ? ok(outcome.value) : outcome),
      (thrown: unknown) => err(failureOf(thrown)),
    );
  }
}
