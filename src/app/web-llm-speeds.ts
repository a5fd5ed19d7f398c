import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { folderOf, type WebLlmCatalogue, type WebLlmModel } from '#contracts/catalogue';
import type { Engine, MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { HardwareProfile } from '#contracts/hardware';
import { modelOfWebLlm } from '#contracts/model-facts';
import type { FetchedLibrary, MlcTwin, MlcTwinWorkerApi } from '#contracts/mlc-twin';
import type { ModelMeasurement, ModelMeasureProgress } from '#contracts/model-measurement';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerFactory, WorkerHandle } from '#contracts/worker-handle';
import { modelSpeed, type ModelQuestion } from '../bench/model-speed.ts';
import { VisibilityLog } from '../bench/visibility-log.ts';
import { cardName, holdsHere } from '../capacity/measured-model.ts';
import { mlcSourceOf } from '../capacity/mlc-source.ts';
import { WorkerEngine } from '../engines/worker-engine.ts';
import type { ModelMeasurementStore } from '../storage/model-measurement-store.ts';
import type { CatalogueSource } from './catalogue-source.ts';
import { memoryObstacle, obstacleTo } from './model-obstacle.ts';
import type { ModelsService } from './models-service.ts';

export interface WebLlmSpeedPorts {
  readonly clock: Clock;
  readonly catalogue: Pick<CatalogueSource, 'webLlm' | 'facts'>;
  readonly models: () => Promise<Pick<ModelsService, 'mlcLibrary'>>;
  readonly measurements: Promise<ModelMeasurementStore>;
  readonly startBuilder: WorkerFactory<MlcTwinWorkerApi>;
  readonly startEngine: WorkerFactory<InferenceWorkerApi>;
  /** Runs a task while no member is asked anything. */
  readonly exclusively: <T>(signal: AbortSignal, task: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;
  readonly visible: () => boolean;
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
  readonly userAgent: string;
}

type OnProgress = (progress: ModelMeasureProgress) => void;

/** One measurement. */
interface Plan {
  readonly signal: AbortSignal;
  readonly model: WebLlmModel;
  readonly source: MlcSource;
  readonly vocabulary: number | null;
  readonly profile: HardwareProfile;
  readonly tell: (phase: ModelMeasureProgress['phase'], ofPhase?: number) => void;
}

/** A library, and the files of a model of random weights for it. */
interface Prepared {
  readonly library: FetchedLibrary;
  readonly twin: MlcTwin;
}

/** To ask for an adapter and read its limits; the first worker of a visit also fetches its script for it. */
const CHECK_DEADLINE_MS = 60_000;
/** A library of some megabytes is read and described in under a second; a vocabulary of 260,000 takes one more. */
const BUILD_DEADLINE_MS = 60_000;
const SEED = 20_261_122;

/** Where each phase begins, of the whole: by the times of a small model on a software adapter, and no more than a hint. */
const PHASE_SHARES: Readonly<Record<ModelMeasureProgress['phase'], readonly [from: number, to: number]>> = {
  fetch: [0, 0.1],
  build: [0.1, 0.15],
  load: [0.15, 0.4],
  run: [0.4, 1],
};

/** How fast models of web-llm's catalogue are here, measured without their weights. */
export class WebLlmSpeeds {
  readonly #ports: WebLlmSpeedPorts;
  readonly #question: ModelQuestion;

  /** @param question what each is asked, as far as its context holds it */
  constructor(ports: WebLlmSpeedPorts, question: ModelQuestion) {
    this.#ports = ports;
    this.#question = question;
  }

  /** By id, what was measured with this browser on this card. What cannot be read was not measured. */
  async held({ adapters }: HardwareProfile): Promise<ReadonlyMap<string, ModelMeasurement>> {
    const card = adapters.find(({ fallback }) => !fallback);
    if (card === undefined) return new Map();
    const listed = await (await this.#ports.measurements).list();
    const here = { userAgent: this.#ports.userAgent, card: cardName(card) };
    const measured = listed.ok ? listed.value.filter((each) => holdsHere(each, here)) : [];
    return new Map(measured.map((each) => [each.modelId, each]));
  }

  /** Errors: see `CapacityPort.measureModel`. */
  async measure(
    signal: AbortSignal,
    modelId: string,
    profile: HardwareProfile,
    onProgress: OnProgress,
  ): Promise<Outcome<ModelMeasurement>> {
    const { clock, catalogue, exclusively, measurements } = this.#ports;
    const startedMs = clock.nowMs();
    const listed = await catalogue.webLlm(signal);
    if (!listed.ok) return listed;
    const model = listed.value.models.find(({ id }) => id === modelId);
    if (model === undefined) return err(failure('member-unknown', { member: modelId }));
    const obstacle = obstacleTo(model, profile);
    if (obstacle !== null) return err(obstacle);
    const plan = await this.#plan(signal, listed.value, model, profile, onProgress);
    const worker = this.#ports.startEngine('measured model');
    const engine = new WorkerEngine('web-llm', worker, clock);
    const attempt = async (anew: boolean): Promise<Attempt> => {
      const prepared = await this.#prepared(plan, worker, anew);
      if (!prepared.ok) return { measured: prepared, wasHere: false };
      const measured = await exclusively(signal, () =>
        this.#measured(plan, engine, prepared.value, startedMs),
      );
      return { measured, wasHere: prepared.value.library.transferredBytes === 0 };
    };
    try {
      const first = await attempt(false);
      const again = first.wasHere && isOtherGeneration(first.measured) && !signal.aborted;
      // A library that was here may be older than what its address holds today.
      const { measured } = again ? await attempt(true) : first;
      // What cannot be kept holds in this tab all the same.
      if (measured.ok) await (await measurements).write(measured.value);
      return measured;
    } finally {
      await engine.unload();
    }
  }

  async #plan(
    signal: AbortSignal,
    catalogue: WebLlmCatalogue,
    model: WebLlmModel,
    profile: HardwareProfile,
    onProgress: OnProgress,
  ): Promise<Plan> {
    const facts = await this.#ports.catalogue.facts(signal);
    const shape = facts.ok
      ? facts.value.shapes[facts.value.models[modelOfWebLlm(model.id)]?.shape ?? '']
      : undefined;
    return {
      signal,
      model,
      profile,
      source: mlcSourceOf(catalogue, model),
      vocabulary: shape?.vocabulary ?? null,
      tell: (phase, ofPhase = 0) => {
        const [from, to] = PHASE_SHARES[phase];
        if (!signal.aborted) onProgress({ phase, fraction: from + ofPhase * (to - from), secondsLeft: null });
      },
    };
  }

  /** Its library is fetched, and its model built of random weights, if this device can run that. */
  async #prepared(
    { signal, source, model, vocabulary, profile, tell }: Plan,
    worker: WorkerHandle<InferenceWorkerApi>,
    anew: boolean,
  ): Promise<Outcome<Prepared>> {
    const able = await this.#canRun(worker, source, null);
    if (!able.ok) return able;
    tell('fetch');
    const library = await (await this.#ports.models()).mlcLibrary(signal, source, anew);
    if (!library.ok) return library;
    tell('build');
    const request = { library: library.value.file, name: model.id, vocabulary, seed: SEED };
    const built = await this.#built(signal, request);
    if (!built.ok) return built;
    const { weightBytes, largestTensorBytes } = built.value;
    const obstacle = memoryObstacle(model.id, weightBytes, profile);
    if (obstacle !== null) return err(obstacle);
    const fits = await this.#canRun(worker, source, largestTensorBytes);
    return fits.ok ? ok({ library: library.value, twin: built.value }) : fits;
  }

  async #measured(
    { signal, model, source, profile, tell }: Plan,
    engine: Engine,
    { library, twin }: Prepared,
    startedMs: number,
  ): Promise<Outcome<ModelMeasurement>> {
    const { clock, userAgent, visible, onVisibility } = this.#ports;
    tell('load');
    const folder = folderOf(source);
    const files = [
      ...twin.files.map(({ name, file }) => ({ url: new URL(name, folder).href, file })),
      { url: source.libraryUrl, file: library.file },
    ];
    // A library may be made for less than the catalogue's list has for the model.
    const contextTokens = Math.min(model.contextTokens, twin.contextTokens);
    const options = { backend: 'webgpu', threads: 1, contextTokens, slots: 1 } as const;
    const loaded = await engine.load(
      signal,
      { ...options, model: { ...source, files } },
      ({ phase, fraction }) => {
        // Kernels take longest, and come last.
        if (phase === 'compile') tell('load', fraction);
      },
    );
    if (!loaded.ok) return loaded;
    const visibility = new VisibilityLog(clock, !visible());
    const forget = onVisibility((now) => {
      visibility.note(!now);
    });
    const onRun = (fraction: number): void => {
      tell('run', fraction);
    };
    const question = questionFor(loaded.value.contextTokens, this.#question);
    onRun(0);
    const speed = await modelSpeed(signal, engine, question, {
      clock,
      visibility,
      onProgress: onRun,
    }).finally(forget);
    if (!speed.ok) return speed;
    const card = profile.adapters.find(({ fallback }) => !fallback);
    return ok({
      schema: 'witan.model-measurement',
      version: 1,
      modelId: model.id,
      engine: 'web-llm',
      backend: 'webgpu',
      measuredAtMs: clock.epochMs(),
      wallMs: clock.nowMs() - startedMs,
      userAgent,
      card: card === undefined ? '' : cardName(card),
      libraryBytes: library.file.size,
      weightBytes: loaded.value.weightBytes,
      contextTokens: loaded.value.contextTokens,
      vocabulary: loaded.value.vocabularySize,
      loadMs: loaded.value.loadMs,
      ...speed.value,
    });
  }

  async #built(
    signal: AbortSignal,
    request: Parameters<MlcTwinWorkerApi['buildMlc']>[0],
  ): Promise<Outcome<MlcTwin>> {
    const builder = this.#ports.startBuilder('model builder');
    const stop = (): void => {
      builder.terminate(failure('cancelled', { member: builder.name }));
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const built = await builder.call(BUILD_DEADLINE_MS, (api) => api.buildMlc(request));
    signal.removeEventListener('abort', stop);
    stop();
    return built;
  }

  #canRun(
    worker: WorkerHandle<InferenceWorkerApi>,
    source: MlcSource,
    largestTensorBytes: number | null,
  ): Promise<Outcome<null>> {
    return worker.call(
      CHECK_DEADLINE_MS,
      (api) => api.canRun?.(source, largestTensorBytes) ?? Promise.resolve(ok(null)),
    );
  }
}

interface Attempt {
  readonly measured: Outcome<ModelMeasurement>;
  /** Nothing was fetched for it. */
  readonly wasHere: boolean;
}

/** A library that does not link; where the engine itself is otherwise than we know it, no other library would. */
function isOtherGeneration(measured: Outcome<unknown>): boolean {
  if (measured.ok || measured.error.code !== 'engine-incompatible') return false;
  return measured.error.details['reason'] !== 'internals';
}

/** A context that is shorter than question and answer are asked what it can hold, the template's tokens besides. */
function questionFor(contextTokens: number, { promptTokens, answerTokens }: ModelQuestion): ModelQuestion {
  return {
    promptTokens: Math.min(promptTokens, Math.floor(contextTokens / 2)),
    answerTokens: Math.min(answerTokens, Math.floor(contextTokens / 4)),
  };
}
