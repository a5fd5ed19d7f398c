import { beforeEach, describe, expect, it } from 'vitest';
import { LoadingMarker, type MarkerStore, type TabLocks } from '../../../src/storage/loading-marker.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

class FakeStore implements MarkerStore {
  readonly items = new Map<string, string>();
  full = false;

  get length(): number {
    return this.items.size;
  }

  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }
}

/** The locks of one browser; a lock is granted at once and held until its tab dies. */
class FakeLocks implements TabLocks {
  readonly held = new Set<string>();
  grants = true;

  request(name: string, granted: () => Promise<unknown>): Promise<unknown> {
    if (!this.grants) return Promise.reject(new DOMException('', 'SecurityError'));
    this.held.add(name);
    return Promise.resolve().then(granted);
  }

  query() {
    return Promise.resolve({ held: [...this.held].map((name) => ({ name })) });
  }
}

let clock: VirtualClock;
let store: FakeStore;
let locks: FakeLocks;
let tabs: number;

beforeEach(() => {
  clock = new VirtualClock();
  store = new FakeStore();
  locks = new FakeLocks();
  tabs = 0;
});

/** A tab that is open; `die` ends it as the system does, without a word. */
async function openTab() {
  tabs += 1;
  const id = `tab${String(tabs)}`;
  const marker = new LoadingMarker({ clock, store, locks, newId: () => id });
  await turn();
  return { marker, die: () => void locks.held.delete(`witan.tab.${id}`) };
}

const asObject = (loads: ReadonlyMap<string, readonly string[]>) => Object.fromEntries(loads);

describe('a tab that died while loading', () => {
  it('is found by the next one, once', async () => {
    const first = await openTab();
    first.marker.begin('oak', 'gpu-f16');
    first.marker.begin('elm', 'cpu');
    first.die();
    const { marker } = await openTab();
    expect(asObject(await marker.takeDeadLoads())).toEqual({ oak: ['gpu-f16'], elm: ['cpu'] });
    expect(asObject(await marker.takeDeadLoads())).toEqual({});
    expect(store.length).toBe(0);
  });

  it('counts with others that died', async () => {
    for (const rung of ['gpu-f16', 'gpu-q3']) {
      const tab = await openTab();
      tab.marker.begin('oak', rung);
      tab.die();
    }
    const { marker } = await openTab();
    expect(asObject(await marker.takeDeadLoads())).toEqual({ oak: ['gpu-f16', 'gpu-q3'] });
  });

  it('has written before the load begins', async () => {
    const { marker } = await openTab();
    marker.begin('oak', 'cpu');
    expect(JSON.parse(store.getItem('witan.loading.tab1') ?? '')).toEqual({
      version: 1,
      loads: [{ member: 'oak', rung: 'cpu', at: clock.epochMs() }],
    });
  });
});

describe('nobody is accused', () => {
  it('whose load has ended', async () => {
    const tab = await openTab();
    const endOak = tab.marker.begin('oak', 'cpu');
    const endElm = tab.marker.begin('elm', 'cpu');
    endOak();
    endOak();
    tab.die();
    expect(store.getItem('witan.loading.tab1')).toContain('elm');
    const { marker } = await openTab();
    expect(asObject(await marker.takeDeadLoads())).toEqual({ elm: ['cpu'] });
    endElm();
    expect(store.length).toBe(0);
  });

  it('who is alive and still loading', async () => {
    const living = await openTab();
    living.marker.begin('oak', 'cpu');
    const { marker } = await openTab();
    expect(asObject(await marker.takeDeadLoads())).toEqual({});
    expect(store.length).toBe(1);
    living.die();
    expect(asObject(await marker.takeDeadLoads())).toEqual({ oak: ['cpu'] });
  });

  it('who was closed in peace while loading; back from the cache the mark is back', async () => {
    const tab = await openTab();
    const end = tab.marker.begin('oak', 'cpu');
    tab.marker.leave();
    expect(store.length).toBe(0);
    tab.marker.comeBack();
    expect(store.length).toBe(1);
    end();
    expect(store.length).toBe(0);
  });

  it('who is oneself', async () => {
    const { marker, die } = await openTab();
    marker.begin('oak', 'cpu');
    die(); // even if the browser took the lock away
    expect(asObject(await marker.takeDeadLoads())).toEqual({});
  });

  it('before the lock is there: the mark waits for it', async () => {
    const marker = new LoadingMarker({ clock, store, locks, newId: () => 'tab' });
    marker.begin('oak', 'cpu');
    expect(store.length).toBe(0);
    await turn();
    expect(store.length).toBe(1);
  });
});

describe('what cannot be done is left undone', () => {
  it.each<[string, Partial<ConstructorParameters<typeof LoadingMarker>[0]>]>([
    ['no store', { store: null }],
    ['no locks', { locks: null }],
    ['no store and no locks', { store: null, locks: null }],
  ])('with %s', async (_, change) => {
    const other = await openTab();
    other.marker.begin('elm', 'cpu');
    other.die();
    const marker = new LoadingMarker({ clock, store, locks, newId: () => 'tab', ...change });
    await turn();
    const end = marker.begin('oak', 'cpu');
    expect(store.getItem('witan.loading.tab')).toBeNull();
    expect(asObject(await marker.takeDeadLoads())).toEqual({});
    end();
    marker.leave();
    marker.comeBack();
  });

  it('where the lock is refused nothing is marked', async () => {
    locks.grants = false;
    const { marker } = await openTab();
    marker.begin('oak', 'cpu');
    expect(store.length).toBe(0);
  });

  it('where the store is full the load goes on unmarked', async () => {
    const { marker } = await openTab();
    store.full = true;
    const end = marker.begin('oak', 'cpu');
    end();
    expect(store.length).toBe(0);
  });

  it('where the locks cannot be asked, or the store throws', async () => {
    const tab = await openTab();
    tab.marker.begin('oak', 'cpu');
    tab.die();
    const { marker } = await openTab();
    locks.query = () => Promise.reject(new DOMException('', 'InvalidStateError'));
    expect(asObject(await marker.takeDeadLoads())).toEqual({});
    expect(store.length).toBe(1);
    store.key = () => {
      throw new DOMException('', 'SecurityError');
    };
    expect(asObject(await marker.takeDeadLoads())).toEqual({});
  });

  it('a mark that cannot be read says nothing and goes', async () => {
    for (const [index, text] of [
      '',
      '{',
      'null',
      '[]',
      '{"version":2,"loads":[]}',
      '{"version":1,"loads":[{"member":1}]}',
    ].entries()) {
      store.items.set(`witan.loading.old${String(index)}`, text);
    }
    store.items.set('witan.theme', 'dark');
    store.items.set('witan.loading.good', '{"version":1,"loads":[{"member":"oak","rung":"cpu","at":1}]}');
    const { marker } = await openTab();
    expect(asObject(await marker.takeDeadLoads())).toEqual({ oak: ['cpu'] });
    expect([...store.items.keys()]).toEqual(['witan.theme']);
  });
});
