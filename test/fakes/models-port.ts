import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { GgufSet, GgufSummary } from '#contracts/gguf';
import { ggufDemand, type ModelDemand, type ModelFit } from '#contracts/model-fit';
import type { Evicted, Removal, RoomPlan, StoredModel } from '#contracts/model-store';
import type {
  ModelActivity,
  ModelReceipt,
  ModelsPort,
  RoomWish,
  StoreOffer,
  StoreSpace,
} from '#contracts/models';
import type { NoticesPort } from '#contracts/notices';
import type { StoreHealth } from '#contracts/store-health';
import { OpenedFiles } from '../../src/app/opened-files.ts';

export function storedModel(change: Partial<StoredModel> = {}): StoredModel {
  return {
    id: 'lfm2-700m',
    name: 'LFM2 700M',
    format: 'gguf',
    origin: 'catalogue',
    files: [],
    state: 'verified',
    sizeBytes: 468_624_320,
    keptBytes: 468_624_320,
    pinned: false,
    addedAtMs: 1000,
    lastUsedAtMs: 1000,
    ...change,
  };
}

export function modelProgress(change: Partial<ModelActivity> = {}): ModelActivity {
  return {
    modelId: 'lfm2-700m',
    phase: 'download',
    doneBytes: 110_000_000,
    totalBytes: 468_624_320,
    transferredBytes: 110_000_000,
    bytesPerSecond: 8_200_000,
    secondsLeft: 43.7,
    host: 'huggingface.co',
    waiting: null,
    here: true,
    ...change,
  };
}

export const OFFER: StoreOffer = {
  id: 'lfm2-700m',
  name: 'LFM2 700M',
  sizeBytes: 468_624_320,
  parameters: 742_000_000,
  quantization: 'Q4_K_M',
  contextTokens: 32_768,
  licence: 'LFM Open License v1.0',
  hosts: ['huggingface.co'],
  demand: {
    weightsBytes: 468_624_320,
    largestFileBytes: 468_624_320,
    contextTokens: 4096,
    cacheBytes: 50_331_648,
  },
};

/** The oldest of two would go. */
export const ROOM_PLAN: RoomPlan = {
  wantedBytes: 600_000_000,
  freeBytes: 150_000_000,
  eviction: {
    neededBytes: 450_000_000,
    freedBytes: 468_624_320,
    models: [{ id: 'old', name: 'Old', freedBytes: 468_624_320 }],
    enough: true,
  },
};

export function storeHealthOf(change: Partial<StoreHealth> = {}): StoreHealth {
  return {
    schema: 'witan.store-health',
    version: 1,
    takenAtMs: 1_000_000,
    backend: 'opfs',
    space: { keptBytes: 0, heldBytes: 0, measured: null, estimate: null },
    persistence: { persisted: false, last: null },
    models: [],
    troubles: [],
    ...change,
  };
}

export const FIT: ModelFit = {
  verdict: 'runs-well',
  reason: 'memory',
  neededBytes: 720_000_000,
  availableBytes: 8 * 2 ** 30,
};

/** Never switched on. */
export const NO_NOTICES: NoticesPort = { state: () => 'off', set: () => Promise.resolve('off') };

/** A store in memory whose downloads end when the test says so. */
export class FakeModelsPort implements ModelsPort {
  stored: StoredModel[] = [];
  offered: readonly StoreOffer[] = [OFFER];
  under: ModelActivity[] = [];
  persisted: boolean | null = false;
  heldBytes = 0;
  plan: RoomPlan = ROOM_PLAN;
  healthNow = storeHealthOf();
  speeds: Readonly<Record<string, number>> = {};
  readonly calls: string[] = [];
  /** By the name of the first file: what it is found to be; else it is refused. */
  readonly examinable = new Map<string, GgufSet>();
  readonly opened = new OpenedFiles();
  readonly notices = NO_NOTICES;
  /** Ends the download that runs. */
  end: (outcome: Outcome<StoredModel>) => void = () => undefined;
  readonly #listeners = new Set<() => void>();

  list(): Promise<Outcome<readonly StoredModel[]>> {
    return Promise.resolve(ok([...this.stored]));
  }

  space(): Promise<Outcome<StoreSpace>> {
    const keptBytes = this.stored.reduce((sum, model) => sum + model.keptBytes, 0);
    return Promise.resolve(
      ok({
        backend: 'opfs',
        keptBytes,
        heldBytes: this.heldBytes,
        measured: null,
        persisted: this.persisted,
      }),
    );
  }

  offers(): Promise<Outcome<readonly StoreOffer[]>> {
    return Promise.resolve(ok(this.offered));
  }

  async download(modelId: string): Promise<Outcome<ModelReceipt>> {
    this.calls.push(`download ${modelId}`);
    this.set(storedModel({ id: modelId, state: 'partial', keptBytes: 0 }), [modelProgress({ modelId })]);
    const ended = await new Promise<Outcome<StoredModel>>((resolve) => {
      this.end = resolve;
    });
    this.set(ended.ok ? ended.value : storedModel({ id: modelId, state: 'partial' }), []);
    if (!ended.ok) return ended;
    return ok({ model: ended.value, transferredBytes: 1, resumedAtBytes: 0, repairedChunks: 0 });
  }

  pause(modelId: string): Promise<Outcome<null>> {
    this.calls.push(`pause ${modelId}`);
    this.end(err(failure('cancelled')));
    return Promise.resolve(ok(null));
  }

  verify(modelId: string): Promise<Outcome<StoredModel>> {
    this.calls.push(`verify ${modelId}`);
    const model = this.stored.find(({ id }) => id === modelId);
    return Promise.resolve(
      model === undefined ? err(failure('member-unknown', { member: modelId })) : ok(model),
    );
  }

  inspect(modelId: string): Promise<Outcome<GgufSummary>> {
    return Promise.resolve(err(failure('member-unknown', { member: modelId })));
  }

  examine(files: readonly File[]): Promise<Outcome<GgufSet>> {
    const names = files.map(({ name }) => name);
    this.calls.push(`examine ${names.join(',')}`);
    const set = this.examinable.get(names.join(','));
    const refusal = failure('model-invalid', { model: names[0] ?? '', reason: 'not-gguf' });
    return Promise.resolve(set === undefined ? err(refusal) : ok(set));
  }

  demand(summary: GgufSummary, fileBytes: readonly number[]): ModelDemand {
    return ggufDemand(summary, fileBytes);
  }

  fit(_signal: AbortSignal, demand: ModelDemand): Promise<Outcome<ModelFit>> {
    this.calls.push(`fit ${String(demand.weightsBytes)}`);
    return Promise.resolve(ok(FIT));
  }

  remove(modelId: string): Promise<Outcome<Removal>> {
    this.calls.push(`remove ${modelId}`);
    this.stored = this.stored.filter(({ id }) => id !== modelId);
    this.#tell();
    return Promise.resolve(ok({ freedBytes: 1, heldBytes: this.heldBytes }));
  }

  planRoom(wish: RoomWish): Promise<Outcome<RoomPlan>> {
    this.calls.push(`plan ${'modelId' in wish ? wish.modelId : String(wish.files[0]?.size)}`);
    return Promise.resolve(ok(this.plan));
  }

  makeRoom(plan: RoomPlan): Promise<Outcome<Evicted>> {
    const models = plan.eviction.models.map(({ id }) => id);
    this.calls.push(`evict ${models.join(' ')}`);
    return Promise.resolve(ok({ freedBytes: plan.eviction.freedBytes, models }));
  }

  health(askBytes?: number): Promise<Outcome<StoreHealth>> {
    const measured = askBytes === undefined ? null : { atMs: 2_000_000, askedBytes: askBytes, freeBytes: 64 };
    return Promise.resolve(ok({ ...this.healthNow, space: { ...this.healthNow.space, measured } }));
  }

  lastSpeed(modelId: string): number | null {
    return this.speeds[modelId] ?? null;
  }

  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>> {
    const model = storedModel({ id: modelId, pinned });
    this.set(model, this.under);
    return Promise.resolve(ok(model));
  }

  importFiles(files: readonly File[]): Promise<Outcome<StoredModel>> {
    this.calls.push(`import ${files.map(({ name }) => name).join(',')}`);
    const model = storedModel({ id: 'imported', name: files[0]?.name ?? '', origin: 'import' });
    this.set(model, []);
    return Promise.resolve(ok(model));
  }

  persist(): Promise<boolean | null> {
    this.persisted = true;
    return Promise.resolve(true);
  }

  activity(): readonly ModelActivity[] {
    return this.under;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(model: StoredModel, under: ModelActivity[]): void {
    this.stored = [...this.stored.filter(({ id }) => id !== model.id), model];
    this.under = under;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
