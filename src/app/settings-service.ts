import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ModelOffers } from '#contracts/model-offer';
import type { BuiltInState, ProbePort } from '#contracts/ports';
import type { MemberChoice, Settings } from '#contracts/settings';
import { modelOffers } from '../capacity/model-offers.ts';
import { builtInAvailability } from '../engines/prompt-api/built-in-model.ts';
import { languageModelOf } from '../engines/prompt-api/language-model.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import { BUILT_IN_LANGUAGES, BUILT_IN_NAME } from './built-in-member.ts';
import { keptWeights } from './kept-weights.ts';
import type { ModelsService } from './models-service.ts';
import { oncePerId } from './chosen-appointment.ts';
import type { CatalogueSource } from './catalogue-source.ts';

export interface SettingsServicePorts {
  readonly clock: Clock;
  readonly store: SettingsStore;
  readonly catalogue: CatalogueSource;
  readonly device: ProbePort;
  readonly models: () => Promise<Pick<ModelsService, 'list'>>;
  /** Takes the seats anew. */
  readonly reappoint: (signal: AbortSignal) => Promise<Outcome<null>>;
  readonly onChange: () => void;
  /** Drops a model's files. */
  readonly removeFiles: (signal: AbortSignal, modelId: string) => Promise<Outcome<null>>;
}

/** Reads and changes what the user chose, and says what there is to choose from. */
export class SettingsService {
  readonly #ports: SettingsServicePorts;

  constructor(ports: SettingsServicePorts) {
    this.#ports = ports;
  }

  read(): Promise<Outcome<Settings>> {
    return this.#ports.store.read();
  }

  choose(signal: AbortSignal, members: readonly MemberChoice[] | null): Promise<Outcome<null>> {
    return this.#change(signal, (settings) => ({
      ...settings,
      members: members === null ? null : [...oncePerId(members)],
    }));
  }

  allowBuiltIn(signal: AbortSignal, allowed: boolean): Promise<Outcome<null>> {
    return this.#change(signal, (settings) => {
      if (allowed) return { ...settings, builtInAllowed: true };
      const members = settings.members?.filter(({ engine }) => engine !== 'prompt-api') ?? [];
      return { ...settings, builtInAllowed: false, members: members.length === 0 ? null : members };
    });
  }

  async builtIn(signal: AbortSignal): Promise<Outcome<BuiltInState>> {
    if (languageModelOf(globalThis) === null) return ok('absent');
    const settings = await this.read();
    if (!settings.ok) return settings;
    if (!settings.value.builtInAllowed) return ok('not-allowed');
    const ports = {
      languageModel: () => languageModelOf(globalThis),
      allowed: () => true,
      clock: this.#ports.clock,
      languages: BUILT_IN_LANGUAGES,
    };
    return builtInAvailability(signal, ports, BUILT_IN_NAME);
  }

  async offers(signal: AbortSignal): Promise<Outcome<ModelOffers>> {
    const [catalogue, facts, probed, kept] = await Promise.all([
      this.#ports.catalogue.webLlm(signal),
      this.#ports.catalogue.facts(signal),
      this.#ports.device.probe(signal),
      keptWeights(this.#ports.models),
    ]);
    if (!catalogue.ok) return catalogue;
    if (!probed.ok) return probed;
    // They belong to no offline promise: without them the offers say less.
    const known = facts.ok ? facts.value : null;
    return ok(modelOffers(catalogue.value, probed.value.profile, kept, known));
  }

  /** Also takes the model out of the council: it could not be loaded again without another download. */
  async removeFiles(signal: AbortSignal, modelId: string): Promise<Outcome<null>> {
    const settings = await this.read();
    if (!settings.ok) return settings;
    const rest = settings.value.members?.filter(({ id }) => id !== modelId);
    if (rest !== undefined && rest.length !== settings.value.members?.length) {
      const left = await this.choose(signal, rest.length === 0 ? null : rest);
      if (!left.ok) return left;
    }
    return this.#ports.removeFiles(signal, modelId);
  }

  async #change(signal: AbortSignal, change: (settings: Settings) => Settings): Promise<Outcome<null>> {
    const { store, reappoint, onChange } = this.#ports;
    const settings = await store.read();
    if (!settings.ok) return settings;
    if (signal.aborted) return err(failure('cancelled'));
    const written = await store.write(change(settings.value));
    if (!written.ok && written.error.code === 'record-invalid') return written;
    // What could not be written holds in this tab all the same.
    const seated = await reappoint(signal);
    onChange();
    return written.ok ? seated : written;
  }
}
