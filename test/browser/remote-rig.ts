import { delay, systemClock } from '#kernel/clock';
import type { GenerateRequest, Generation, LoadedModel, LoadOptions } from '#contracts/engine';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type { RemoteConfiguration, RemoteEndpoint } from '#contracts/remote';
import type { RemoteWorkerApi } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';

export const NEVER = new AbortController().signal;
export const REQUEST: GenerateRequest = { prompt: 'What is 1 + 1?', maxTokens: 16, temperature: 0, seed: 1 };
/** A busy machine is no silent server. */
export const PATIENT = { healthMs: 20_000, firstTokenMs: 20_000, tokenGapMs: 20_000 };
/** For servers that are meant to be found silent: over in a second or two. */
export const TIMES = { healthMs: 2_000, firstTokenMs: 2_000, tokenGapMs: 900 };

const SIZES: Omit<LoadOptions, 'model'> = { threads: 1, contextTokens: 2048, slots: 1 };

export function endpoint(id: string, baseUrl: string, more: Partial<RemoteEndpoint> = {}): RemoteEndpoint {
  return { id, label: `Server ${id}`, baseUrl, hasKey: false, server: 'auto', ...more };
}

export interface Answered {
  readonly outcome: Outcome<Generation>;
  /** All chunks together. */
  readonly text: string;
}

/** A remote member in a real worker, as the app starts it. */
export class RemoteRig {
  readonly lost: WitanFailure[] = [];
  readonly worker: WorkerHandle<RemoteWorkerApi>;
  readonly engine: WorkerEngine;
  readonly #endpoints: readonly RemoteEndpoint[];

  constructor(endpoints: readonly RemoteEndpoint[]) {
    const supervisor = new WorkerSupervisor(systemClock, {
      onFault: () => undefined,
      onLost: (_name, reason) => this.lost.push(reason),
    });
    this.worker = supervisor.start<RemoteWorkerApi>('far', WORKER_SCRIPTS.remote);
    this.engine = new WorkerEngine('remote', this.worker, systemClock);
    this.#endpoints = endpoints;
  }

  async load(more: Partial<RemoteConfiguration> = {}): Promise<Outcome<LoadedModel>> {
    const member = {
      id: 'far',
      name: 'Far',
      model: 'tiny',
      endpointIds: this.#endpoints.map(({ id }) => id),
    };
    const configuration = { member, endpoints: this.#endpoints, keys: [], times: PATIENT, ...more };
    const told = await this.worker.call(null, (api) => api.configure(configuration));
    const { id, name, model } = configuration.member;
    return told.ok
      ? this.engine.load(NEVER, { ...SIZES, model: { format: 'remote', id, name, model } })
      : told;
  }

  /** @param onText called with the text so far */
  async ask(signal = NEVER, onText: (text: string) => void = () => undefined): Promise<Answered> {
    let text = '';
    const outcome = await this.engine.generate(signal, REQUEST, (chunk) => {
      text += chunk.text;
      onText(text);
    });
    return { outcome, text };
  }
}

/** Which comes first: the promise, or a timer of this page. An order of two events, not a time. */
export function before<T>(limitMs: number, promise: Promise<T>): Promise<T | 'late'> {
  return Promise.race([promise, delay(systemClock, limitMs).then(() => 'late' as const)]);
}
