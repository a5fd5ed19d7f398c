import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { Engine } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { Adapter } from '#contracts/hardware';
import type { ProbePort } from '#contracts/ports';
import type { MemberChoice } from '#contracts/settings';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';
import { isKept, mlcSourceOf } from '../capacity/mlc-source.ts';
import { PromptApiEngine } from '../engines/prompt-api-engine.ts';
import { languageModelOf } from '../engines/prompt-api/language-model.ts';
import { WorkerEngine } from '../engines/worker-engine.ts';
import { WEB_LLM_PATIENCE, WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { MemberRung, MemberSpec } from '../resources/member-spec.ts';
import { LoadingMarker } from '../storage/loading-marker.ts';
import type { CatalogueSource } from './catalogue-source.ts';
import { BUILT_IN_LANGUAGES, builtInMember } from './built-in-member.ts';
import { chosenAppointment } from './chosen-appointment.ts';
import type { Appointment } from './council-service.ts';
import { instructManner } from './instruct-manner.ts';
import type { ModelsService } from './models-service.ts';
import type { ReadingAhead } from './reading-ahead.ts';
import type { RemoteService } from './remote-service.ts';
import { forgetEarlier, keptWeights } from './kept-weights.ts';
import { StoredModelEngine } from './stored-model-engine.ts';
import { StoredWebLlmEngine, type MlcStore } from './stored-web-llm-engine.ts';
import { storedMember } from './stored-members.ts';
import { tabStore } from './tab-store.ts';
import { unavailableMember } from './unavailable-member.ts';
import { webLlmMember } from './web-llm-members.ts';

export interface FurtherMembersPorts {
  readonly clock: Clock;
  readonly supervisor: WorkerSupervisor;
  readonly device: ProbePort;
  readonly catalogue: CatalogueSource;
  readonly remote: RemoteService;
  readonly models: () => Promise<Pick<ModelsService, 'list' | 'inspect' | 'open' | 'remove'> & MlcStore>;
  /** CPU threads for a member. */
  readonly threads: () => number;
  /** Sees to it that members read ahead. */
  readonly ahead: Pick<ReadingAhead, 'watch' | 'forget'>;
  /** Whether the user has allowed the browser's own model. */
  readonly builtInAllowed: () => Promise<boolean>;
}

/** To ask for an adapter and read its limits; the first worker of a visit also fetches its script for it. */
const CHECK_DEADLINE_MS = 60_000;

/** Members beyond the bundled ones: on the GPU by web-llm, in the browser itself, on servers. */
export class FurtherMembers {
  readonly marker: LoadingMarker;
  readonly #ports: FurtherMembersPorts;
  #builtInAllowed = false;
  #deadlyRungs: Promise<ReadonlyMap<string, readonly string[]>> | null = null;

  constructor(ports: FurtherMembersPorts) {
    this.#ports = ports;
    this.marker = new LoadingMarker({
      clock: ports.clock,
      store: tabStore(),
      locks: navigator.locks,
      newId: () => crypto.randomUUID(),
    });
    addEventListener('pagehide', () => {
      this.marker.leave();
    });
    addEventListener('pageshow', () => {
      this.marker.comeBack();
    });
  }

  /** The council as it was chosen. Errors: cancelled. @param starters bundled members by their ids, or all */
  appointment(
    signal: AbortSignal,
    choices: readonly MemberChoice[],
    starters: (ids?: readonly string[]) => readonly MemberSpec[],
  ): Promise<Outcome<Appointment>> {
    return chosenAppointment(signal, choices, starters, this);
  }

  /** What tabs died of while loading it; looked up once, for the marks are taken away by looking. */
  deadlyRungs(): Promise<ReadonlyMap<string, readonly string[]>> {
    return (this.#deadlyRungs ??= this.marker.takeDeadLoads());
  }

  /**
   * Choices that exist no more (a server that was removed, a model that left the catalogue) are left out; those that cannot
   * be looked up now are `unavailable`.
   * Errors: cancelled.
   */
  async specs(
    signal: AbortSignal,
    choices: readonly MemberChoice[],
  ): Promise<Outcome<readonly MemberSpec[]>> {
    const specs: MemberSpec[] = [];
    if (choices.some(({ engine }) => engine === 'web-llm')) {
      const catalogue = await this.#ports.catalogue.webLlm(signal);
      const [adapter, kept] = await Promise.all([this.#adapter(signal), keptWeights(this.#ports.models)]);
      for (const choice of choices) {
        if (choice.engine !== 'web-llm') continue;
        const spec = catalogue.ok
          ? webLlmMember(catalogue.value, choice.id, adapter, kept)
          : unavailableMember(choice, catalogue.error);
        if (spec !== null) specs.push(spec);
      }
    }
    if (choices.some(({ engine }) => engine === 'wllama'))
      specs.push(...(await this.#stored(signal, choices)));
    if (choices.some(({ engine }) => engine === 'prompt-api')) {
      this.#builtInAllowed = await this.#ports.builtInAllowed();
      specs.push(builtInMember());
    }
    if (choices.some(({ engine }) => engine === 'remote')) {
      const remote = await this.#ports.remote.memberSpecs();
      for (const choice of choices) {
        if (choice.engine !== 'remote') continue;
        if (!remote.ok) {
          specs.push(unavailableMember(choice, remote.error));
          continue;
        }
        const spec = remote.value.find(({ id }) => id === choice.id);
        if (spec !== undefined)
          specs.push({ ...spec, manner: instructManner(spec.rungs[0].load.contextTokens) });
      }
    }
    return signal.aborted ? err(failure('cancelled')) : ok(specs);
  }

  /** The engine of a rung that `specs` made. */
  launch(memberId: string, onLost: (reason: WitanFailure) => void, rung: MemberRung): Engine {
    const { clock, remote } = this.#ports;
    if (rung.engine === 'remote') return remote.launch(memberId, onLost);
    if (rung.engine === 'prompt-api') {
      return new PromptApiEngine({
        languageModel: () => languageModelOf(globalThis),
        allowed: () => this.#builtInAllowed,
        clock,
        languages: BUILT_IN_LANGUAGES,
        onLost,
      });
    }
    const { supervisor, models } = this.#ports;
    const worker: WorkerHandle<InferenceWorkerApi> =
      rung.engine === 'wllama'
        ? supervisor.start(memberId, WORKER_SCRIPTS.wllama)
        : supervisor.start(memberId, WORKER_SCRIPTS.webLlm, WEB_LLM_PATIENCE);
    worker.onLost((reason) => {
      if (reason.code !== 'cancelled') onLost(reason);
    });
    const engine =
      rung.engine === 'web-llm'
        ? new StoredWebLlmEngine({
            inner: new WorkerEngine('web-llm', worker, clock),
            store: models,
            canRun: (model, bytes) =>
              worker.call(
                CHECK_DEADLINE_MS,
                (api) => api.canRun?.(model, bytes) ?? Promise.resolve(ok(null)),
              ),
          })
        : new StoredModelEngine(new WorkerEngine('wllama', worker, clock), async (id) =>
            (await models()).open(id),
          );
    const { ahead } = this.#ports;
    worker.onLost(() => {
      engine.letGo();
      ahead.forget(memberId, engine);
    });
    return ahead.watch(memberId, engine);
  }

  /** Drops the files of a model of the catalogue; what others share with it stays. Errors: member-unknown, storage-failed. */
  async removeFiles(signal: AbortSignal, modelId: string): Promise<Outcome<null>> {
    const catalogue = await this.#ports.catalogue.webLlm(signal);
    if (!catalogue.ok) return catalogue;
    const { value } = catalogue;
    const model = value.models.find(({ id }) => id === modelId);
    if (model === undefined) return err(failure('member-unknown', { member: modelId }));
    const store = await this.#ports.models();
    const stored = await store.list();
    if (!stored.ok) return stored;
    const weightsOf = (id: string): string | undefined =>
      value.models.find((each) => each.id === id)?.weights;
    for (const each of stored.value) {
      // The same weights under another context length too: they would not go otherwise.
      if (each.format !== 'mlc' || weightsOf(each.id) !== model.weights) continue;
      const removed = await store.remove(each.id);
      if (!removed.ok) return removed;
    }
    const kept = await keptWeights(this.#ports.models);
    const others = value.models.filter(
      (other) => other.weights !== model.weights && isKept(value, other, kept),
    );
    await forgetEarlier(
      mlcSourceOf(value, model),
      others.map((other) => mlcSourceOf(value, other)),
    );
    return ok(null);
  }

  /** Models that were deleted are left out; of those that cannot be looked up, the seat stays. */
  async #stored(signal: AbortSignal, choices: readonly MemberChoice[]): Promise<readonly MemberSpec[]> {
    const store = await this.#ports.models();
    const models = await store.list();
    const adapter = await this.#adapter(signal);
    const specs: MemberSpec[] = [];
    for (const choice of choices) {
      if (choice.engine !== 'wllama') continue;
      if (!models.ok) {
        specs.push(unavailableMember(choice, models.error));
        continue;
      }
      const model = models.value.find(({ id }) => id === choice.id);
      if (model === undefined || model.state === 'tombstone') continue;
      const gpu = adapter !== null && !adapter.fallback;
      const summary = await store.inspect(model.id);
      specs.push(storedMember(model, summary.ok ? summary.value : null, gpu, this.#ports.threads()));
    }
    return specs;
  }

  async #adapter(signal: AbortSignal): Promise<Adapter | null> {
    const probed = await this.#ports.device.probe(signal).catch(() => null); // its code could not be fetched
    return probed?.ok === true ? (probed.value.profile.adapters[0] ?? null) : null;
  }
}
