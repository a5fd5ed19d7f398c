import { seededRandom } from '#kernel/random';
import type { GenerateRequest, Generation, LoadOptions, TokenChunk } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { RemoteEndpoint } from '#contracts/remote';
import { EndpointState } from '../../../../src/engines/remote/endpoint-state.ts';
import type { FetchLike } from '../../../../src/engines/remote/http-exchange.ts';
import { KeyRing } from '../../../../src/engines/remote/key-ring.ts';
import { RemoteEngine, type RemoteServices } from '../../../../src/engines/remote/remote-engine.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

export const REQUEST: GenerateRequest = { prompt: 'What is 1 + 1?', maxTokens: 16, temperature: 0, seed: 1 };

export const LOAD: LoadOptions = {
  model: { format: 'remote', id: 'far', name: 'Far', model: 'tiny' },
  threads: 1,
  contextTokens: 2048,
  slots: 1,
};

export function endpoint(id: string, baseUrl: string, more: Partial<RemoteEndpoint> = {}): RemoteEndpoint {
  return { id, label: `Server ${id.toUpperCase()}`, baseUrl, hasKey: false, server: 'auto', ...more };
}

/** An answer under way. */
export interface Asked {
  readonly outcome: Promise<Outcome<Generation>>;
  readonly chunks: readonly TokenChunk[];
  readonly stop: () => void;
  readonly settled: boolean;
}

/** A remote engine with real fetch and real servers, on a clock that moves only when told. */
export class RemoteRig {
  readonly clock = new VirtualClock();
  readonly keys = new KeyRing();
  readonly states: readonly EndpointState[];
  readonly engine: RemoteEngine;

  constructor(endpoints: readonly RemoteEndpoint[], more: Partial<RemoteServices> = {}) {
    this.states = endpoints.map((each) => new EndpointState(each, this.clock));
    const fetchNow: FetchLike = (url, init) => fetch(url, init);
    this.engine = new RemoteEngine(this.states, {
      fetch: fetchNow,
      clock: this.clock,
      keys: this.keys,
      random: seededRandom(1),
      ...more,
    });
    this.engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 0 });
  }

  load(signal: AbortSignal = new AbortController().signal): ReturnType<RemoteEngine['load']> {
    return this.engine.load(signal, LOAD);
  }

  ask(request: GenerateRequest = REQUEST): Asked {
    const controller = new AbortController();
    const chunks: TokenChunk[] = [];
    const asked = {
      chunks,
      settled: false,
      stop: () => {
        controller.abort();
      },
      outcome: this.engine.generate(controller.signal, request, (chunk) => chunks.push(chunk)),
    };
    void asked.outcome.then(() => {
      asked.settled = true;
    });
    return asked;
  }

  /** True while no request is out and the engine waits for its time to come. */
  get waits(): boolean {
    return this.clock.pending > 0 && this.states.every((state) => state.health().inFlight === 0);
  }

  /** Lets the network work and, whenever nothing more comes of it, lets time pass, until `promise` settles. */
  async drive<T>(promise: Promise<T>, stepMs = 250): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    while (!settled) {
      for (let count = 0; count < 20 && !settled; count += 1) await turn();
      if (!settled) this.clock.advance(stepMs);
    }
    return promise;
  }
}

/** Lets the network work until `seen`; a test that waits in vain is ended by its timeout. */
export async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await turn();
}

/** Gives the network ample time to bring what must not come. */
export async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await turn();
}
