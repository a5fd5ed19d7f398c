import * as v from 'valibot';
import type { Clock } from '#kernel/clock';

/** The part of `localStorage` used here: the only store of a page that has written before the call returns. */
export interface MarkerStore {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The part of `navigator.locks` used here. */
export interface TabLocks {
  request(name: string, granted: () => Promise<unknown>): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

export interface LoadingMarkerPorts {
  readonly clock: Clock;
  /** Null where the page may not store anything. */
  readonly store: MarkerStore | null;
  /** Null where the browser has no Web Locks: who lives cannot be told then, so nothing is marked and nobody accused. */
  readonly locks: TabLocks | null;
  /** A new name for this tab; not kept in it, because a duplicated tab would have the same. */
  readonly newId: () => string;
}

const KEY = 'witan.loading.';
const LOCK = 'witan.tab.';

const MarkSchema = v.object({
  version: v.literal(1),
  loads: v.array(
    v.object({
      member: v.string(),
      rung: v.string(),
      /** Milliseconds since the Unix epoch. */
      at: v.number(),
    }),
  ),
});
type Load = v.InferOutput<typeof MarkSchema>['loads'][number];

/**
 * Write-ahead marks of the loads under way: a tab that runs out of memory dies without a word (no event, no error), so it
 * says beforehand what it is about to do. Each tab has a key of its own and holds a Web Lock as long as it lives; a mark
 * whose tab holds its lock no more is that of a tab that died while loading. All loads of that moment are accused, for
 * nobody can tell which one it was. A page that is left in peace takes its marks away (`leave`).
 */
export class LoadingMarker {
  readonly #ports: LoadingMarkerPorts;
  readonly #tab: string;
  readonly #loads = new Set<Load>();
  /** True once the lock is held: a mark without it would look like that of a dead tab to others. */
  #guarded = false;
  #away = false;

  constructor(ports: LoadingMarkerPorts) {
    this.#ports = ports;
    this.#tab = ports.newId();
    const held = ports.locks?.request(LOCK + this.#tab, () => {
      this.#guarded = true;
      this.#write();
      return new Promise(() => undefined); // until the tab is gone
    });
    held?.catch(() => undefined); // no lock, no marks
  }

  /** Marks a load, in the store before this returns. @returns what takes the mark away */
  begin(memberId: string, rungId: string): () => void {
    const load: Load = { member: memberId, rung: rungId, at: this.#ports.clock.epochMs() };
    this.#loads.add(load);
    this.#write();
    return () => {
      if (this.#loads.delete(load)) this.#write();
    };
  }

  /** The page is closed or navigated away from, and nothing is wrong (`pagehide`). */
  leave(): void {
    this.#away = true;
    this.#write();
  }

  /** The page is back out of the browser's cache and goes on (`pageshow`). */
  comeBack(): void {
    this.#away = false;
    this.#write();
  }

  /**
   * What other tabs were loading when they died, and forgets it: rung ids by member id. Empty where it cannot be told.
   * Never rejects.
   */
  async takeDeadLoads(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { store, locks } = this.#ports;
    if (store === null || locks === null) return new Map();
    try {
      // Before the locks are looked at: a tab that comes after this line cannot be taken for dead.
      const tabs = this.#markedTabs(store);
      const held = new Set((await locks.query()).held?.map((lock) => lock.name));
      const dead = tabs.filter((tab) => tab !== this.#tab && !held.has(LOCK + tab));
      const loads = new Map<string, readonly string[]>();
      for (const { member, rung } of dead.flatMap((tab) => this.#take(store, KEY + tab))) {
        loads.set(member, [...(loads.get(member) ?? []), rung]);
      }
      return loads;
    } catch {
      return new Map();
    }
  }

  #markedTabs(store: MarkerStore): string[] {
    const keys = Array.from({ length: store.length }, (_, index) => store.key(index) ?? '');
    return keys.filter((key) => key.startsWith(KEY)).map((key) => key.slice(KEY.length));
  }

  /** Reads a mark and removes it; one that cannot be read says nothing. */
  #take(store: MarkerStore, key: string): readonly Load[] {
    const text = store.getItem(key);
    store.removeItem(key);
    try {
      const mark = v.safeParse(MarkSchema, JSON.parse(text ?? 'null'));
      return mark.success ? mark.output.loads : [];
    } catch {
      return [];
    }
  }

  #write(): void {
    if (!this.#guarded) return;
    try {
      const key = KEY + this.#tab;
      if (this.#loads.size === 0 || this.#away) this.#ports.store?.removeItem(key);
      else this.#ports.store?.setItem(key, JSON.stringify({ version: 1, loads: [...this.#loads] }));
    } catch {
      // The store is full or closed: then this load is not marked. It goes on all the same.
    }
  }
}
