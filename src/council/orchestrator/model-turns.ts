import type { Clock } from '#kernel/clock';
import { err } from '#kernel/result';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { Compute, LeasePort, LeaseTerms, MemoryLease } from '#contracts/leases';

/** How a model that is not always there comes into memory. */
export interface ModelMemory {
  /** Whose memory; absent: the processor's. */
  readonly of?: Compute;
  /** What it would run with, best first. */
  readonly terms: readonly LeaseTerms[];
  /** Brings all its replicas up. Errors are those of `Engine.load`. */
  readonly open: (signal: AbortSignal, terms: LeaseTerms) => Promise<Outcome<unknown>>;
  /** Frees what it holds. */
  readonly close: () => Promise<void>;
}

export interface ModelTurnsPorts {
  readonly clock: Clock;
  readonly leases: LeasePort;
  /** A model that others wait for takes nothing new after this long, ms. */
  readonly turnMs: number;
  /**
   * How long a model without work stays all the same, ms: whoever had its answer may have another question for it in the
   * same moment, and bringing it in again would cost more (anticipatory scheduling, Iyer and Druschel 2001).
   */
  readonly lingerMs: number;
  readonly hasWork: (modelId: string) => boolean;
  readonly onOpened: (modelId: string, lease: MemoryLease) => void;
  readonly onClosed: (modelId: string) => void;
  /** It cannot be had; whatever waits for it has failed. */
  readonly onFailed: (modelId: string, problem: WitanFailure) => void;
  /** Something has changed: look again. */
  readonly onChange: () => void;
}

interface Tenant {
  readonly id: string;
  readonly memory: ModelMemory;
  phase: 'out' | 'asking' | 'opening' | 'in' | 'draining' | 'closing';
  lease: MemoryLease | null;
  users: number;
  openedMs: number;
  usedMs: number;
  /** When it had to go although work waited for it: it is behind all who waited then. */
  backMs: number;
}

/**
 * Model-major scheduling: all that waits for a model in memory is worked off before another takes its place, for loading
 * costs more than any answer (research/council.md §5.6). One model is brought in at a time, that of the most urgent request;
 * one that had to go with work left over goes to the end of the line.
 * Room for it is made by closing idle models, the least recently used first, then by letting busy ones run dry, the longest
 * in memory first, once their turn of `turnMs` is over.
 *
 * Bound: a model whose turn it is to come in waits at most `turnMs`, plus the answers under way in those that run dry (each
 * ends by its deadline or by silence), plus closing and opening; with k models before it in the line, k + 1
 * times as long.
 */
export class ModelTurns {
  readonly #ports: ModelTurnsPorts;
  readonly #tenants = new Map<string, Tenant>();
  /** The one that is being brought in. */
  #incoming: Tenant | null = null;
  #abort = new AbortController();
  readonly #wishes = new Map<Tenant, number>();
  #shortBytes = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(ports: ModelTurnsPorts) {
    this.#ports = ports;
  }

  add(id: string, memory: ModelMemory): void {
    const nowMs = this.#ports.clock.nowMs();
    this.#tenants.set(id, {
      id,
      memory,
      phase: 'out',
      lease: null,
      users: 0,
      openedMs: nowMs,
      usedMs: nowMs,
      backMs: nowMs,
    });
  }

  /** It goes as soon as what runs there has ended. */
  drop(id: string): void {
    const tenant = this.#tenants.get(id);
    this.#tenants.delete(id);
    if (tenant === undefined) return;
    if (tenant === this.#incoming) this.#abort.abort();
    else if (tenant.phase === 'in') this.#drain(tenant);
  }

  /** Work of this model may begin now. Models that nobody added are always there. */
  admits(id: string): boolean {
    return (this.#tenants.get(id)?.phase ?? 'in') === 'in';
  }

  /**
   * Work waits for it; the most urgent is `head`. Heard at the next `tend`. What waited when the model had to go counts as
   * submitted then.
   */
  want(id: string, { keyMs, submittedMs }: { readonly keyMs: number; readonly submittedMs: number }): void {
    const tenant = this.#tenants.get(id);
    if (tenant?.phase !== 'out') return;
    this.#wishes.set(tenant, keyMs - submittedMs + Math.max(submittedMs, tenant.backMs));
  }

  /** @returns to be called when that work has left the engine; safe to call twice */
  enter(id: string): () => void {
    const tenant = this.#tenants.get(id);
    if (tenant === undefined) return () => undefined;
    tenant.users += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      tenant.users -= 1;
      tenant.usedMs = this.#ports.clock.nowMs();
      if (tenant.phase === 'draining' && tenant.users === 0) void this.#close(tenant);
    };
  }

  /** Looks after its own: brings in what is wanted, gives up what is not any more, and makes room where it is due. */
  tend(): void {
    const { hasWork } = this.#ports;
    const [first, ...others] = this.#wishes;
    this.#wishes.clear();
    if (this.#incoming !== null) {
      if (!hasWork(this.#incoming.id)) this.#abort.abort();
      this.#makeRoom();
      return;
    }
    if (first !== undefined) {
      void this.#bringIn(others.reduce((best, next) => (next[1] < best[1] ? next : best), first)[0]);
      return;
    }
    // Somebody else waits for memory: he gets what is idle, and what has had its turn.
    let soonestMs = Infinity;
    for (const tenant of this.#tenants.values()) {
      if (tenant.phase !== 'in' || tenant.lease?.wanted !== true) continue;
      const leftMs = this.#leftMs(tenant);
      if (leftMs <= 0) this.#drain(tenant);
      else if (this.#isIdle(tenant)) soonestMs = Math.min(soonestMs, leftMs);
    }
    if (soonestMs === Infinity) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.clock.after(soonestMs, () => {
      this.tend();
    });
  }

  async #bringIn(tenant: Tenant): Promise<void> {
    const { leases, turnMs, onOpened, onFailed, onChange, clock } = this.#ports;
    const { id, memory } = tenant;
    const abort = new AbortController();
    this.#incoming = tenant;
    this.#abort = abort;
    tenant.phase = 'asking';
    const { of = 'processor', terms } = memory;
    const wish = { holder: id, of, terms, patienceMs: turnMs };
    const granted = await outcomeOf(() =>
      leases.memory(abort.signal, wish, ({ shortBytes }) => {
        this.#shortBytes = shortBytes;
        this.#makeRoom();
      }),
    );
    this.#cancelTimer();
    let opened: Outcome<unknown> = granted;
    if (granted.ok) {
      tenant.phase = 'opening';
      tenant.lease = granted.value;
      opened = await outcomeOf(() => memory.open(abort.signal, granted.value.terms));
    }
    this.#incoming = null;
    if (granted.ok && opened.ok) {
      tenant.openedMs = clock.nowMs();
      tenant.usedMs = tenant.openedMs;
      tenant.phase = 'in';
      if (this.#tenants.get(id) === tenant) onOpened(id, granted.value);
      else this.#drain(tenant);
    } else {
      this.#leave(tenant);
      if (!opened.ok && !abort.signal.aborted) onFailed(id, opened.error);
    }
    onChange();
  }

  #makeRoom(): void {
    const incoming = this.#incoming;
    if (incoming?.phase !== 'asking') return;
    this.#cancelTimer();
    const all = [...this.#tenants.values()].filter(({ memory }) => memory.of === incoming.memory.of);
    const leaving = all.filter(({ phase }) => phase === 'draining' || phase === 'closing');
    let shortBytes = this.#shortBytes - leaving.reduce((sum, tenant) => sum + bytesOf(tenant), 0);
    const inside = all.filter(({ phase }) => phase === 'in');
    const idle = inside.filter((tenant) => this.#isIdle(tenant)).sort((a, b) => a.usedMs - b.usedMs);
    const busy = inside.filter((tenant) => !idle.includes(tenant)).sort((a, b) => a.openedMs - b.openedMs);
    for (const tenant of [...idle, ...busy].filter((each) => this.#leftMs(each) <= 0)) {
      if (shortBytes <= 0) return;
      shortBytes -= bytesOf(tenant);
      this.#drain(tenant);
    }
    const stay = inside.filter(({ phase }) => phase === 'in');
    if (shortBytes <= 0 || stay.length === 0) return;
    const nextMs = Math.min(...stay.map((tenant) => this.#leftMs(tenant)));
    this.#cancelTimer = this.#ports.clock.after(nextMs, () => {
      this.#makeRoom();
    });
  }

  #isIdle(tenant: Tenant): boolean {
    return tenant.users === 0 && !this.#ports.hasWork(tenant.id);
  }

  /** How long it may still stay while others wait, ms. */
  #leftMs(tenant: Tenant): number {
    const nowMs = this.#ports.clock.nowMs();
    const turnMs = tenant.openedMs + this.#ports.turnMs - nowMs;
    const lingerMs = tenant.usedMs + this.#ports.lingerMs - nowMs;
    return this.#isIdle(tenant) ? Math.min(turnMs, lingerMs) : turnMs;
  }

  #drain(tenant: Tenant): void {
    if (this.#ports.hasWork(tenant.id)) tenant.backMs = this.#ports.clock.nowMs();
    tenant.phase = 'draining';
    if (tenant.users === 0) void this.#close(tenant);
  }

  async #close(tenant: Tenant): Promise<void> {
    tenant.phase = 'closing';
    this.#ports.onClosed(tenant.id);
    try {
      await tenant.memory.close();
    } catch {
      // Its engines are gone either way: whoever owns them ended their workers.
    }
    this.#leave(tenant);
    this.#ports.onChange();
  }

  #leave(tenant: Tenant): void {
    tenant.phase = 'out';
    // Before it is released: the lease may be granted with that, and nobody says so before it is here.
    this.#shortBytes -= bytesOf(tenant);
    tenant.lease?.release();
    tenant.lease = null;
  }
}

function bytesOf(tenant: Tenant): number {
  return tenant.lease?.terms.memoryBytes ?? 0;
}

async function outcomeOf<T>(task: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await task();
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}
