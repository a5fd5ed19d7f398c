import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceWorkerClient } from '../../../src/platform/service-worker-client.ts';
import { turn } from '../../fakes/turn.ts';

class FakeServiceWorker extends EventTarget {
  state = 'installing';
  readonly messages: unknown[] = [];

  postMessage(message: unknown): void {
    this.messages.push(message);
  }

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class FakeRegistration extends EventTarget {
  waiting: FakeServiceWorker | null = null;
  installing: FakeServiceWorker | null = null;

  findUpdate(): FakeServiceWorker {
    this.installing = new FakeServiceWorker();
    this.dispatchEvent(new Event('updatefound'));
    return this.installing;
  }
}

class FakeContainer extends EventTarget {
  controller: FakeServiceWorker | null = new FakeServiceWorker();
  readonly registration = new FakeRegistration();
  ready = Promise.resolve(this.registration);
  refused = false;

  register(): Promise<FakeRegistration> {
    return this.refused ? Promise.reject(new Error('refused')) : Promise.resolve(this.registration);
  }
}

let container: FakeContainer;
let session: Map<string, string>;
const reload = vi.fn();

beforeEach(() => {
  container = new FakeContainer();
  session = new Map();
  reload.mockReset();
  vi.stubGlobal('navigator', { serviceWorker: container });
  vi.stubGlobal('location', { reload });
  vi.stubGlobal('crossOriginIsolated', true);
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => session.get(key) ?? null,
    setItem: (key: string, value: string) => session.set(key, value),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a new version', () => {
  it('is offered when it waits, and taken only on the user’s word', async () => {
    const client = new ServiceWorkerClient();
    const told = vi.fn();
    client.subscribe(told);
    await client.register('service-worker.js');
    client.apply(); // nothing waits: nothing happens
    const update = container.registration.findUpdate();
    expect(client.ready).toBe(false);
    container.registration.waiting = update;
    update.become('installed');
    expect(client.ready).toBe(true);
    expect(told).toHaveBeenCalledTimes(1);
    expect(reload).not.toHaveBeenCalled();
    client.apply();
    expect(update.messages).toEqual([{ type: 'SKIP_WAITING' }]);
    expect(reload).not.toHaveBeenCalled();
    container.dispatchEvent(new Event('controllerchange'));
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it('that waited since the last visit is offered at once', async () => {
    container.registration.waiting = new FakeServiceWorker();
    const client = new ServiceWorkerClient();
    await client.register('service-worker.js');
    expect(client.ready).toBe(true);
  });

  it('is not what the first visit installs', async () => {
    container.controller = null;
    const client = new ServiceWorkerClient();
    await client.register('service-worker.js');
    const first = container.registration.findUpdate();
    container.registration.waiting = first;
    first.become('installed');
    expect(client.ready).toBe(false);
  });
});

describe('isolation by the service worker', () => {
  beforeEach(() => {
    vi.stubGlobal('crossOriginIsolated', false);
  });

  it('needs one reload; a browser that refuses isolation does not loop', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
    await new ServiceWorkerClient().register('service-worker.js');
    expect(reload).toHaveBeenCalledTimes(1);
    vi.setSystemTime(1_700_000_029_999);
    await new ServiceWorkerClient().register('service-worker.js');
    expect(reload).toHaveBeenCalledTimes(1);
    // Much later it is another visit: a forced reload goes past the worker and is mended once more.
    vi.setSystemTime(1_700_000_030_000);
    await new ServiceWorkerClient().register('service-worker.js');
    expect(reload).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });

  it('waits until the worker is active', async () => {
    let activate: (registration: FakeRegistration) => void = () => undefined;
    container.ready = new Promise((resolve) => {
      activate = resolve;
    });
    const registered = new ServiceWorkerClient().register('service-worker.js');
    await turn();
    expect(reload).not.toHaveBeenCalled();
    activate(container.registration);
    await registered;
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it('never takes the page from under somebody’s hands', async () => {
    vi.stubGlobal('navigator', { serviceWorker: container, userActivation: { hasBeenActive: true } });
    await new ServiceWorkerClient().register('service-worker.js');
    expect(reload).not.toHaveBeenCalled();
  });
});

describe('without service workers', () => {
  it('nothing breaks where they are missing', async () => {
    vi.stubGlobal('navigator', {});
    await expect(new ServiceWorkerClient().register('service-worker.js')).resolves.toBeUndefined();
  });

  it('nothing breaks where they are refused', async () => {
    container.refused = true;
    const client = new ServiceWorkerClient();
    await expect(client.register('service-worker.js')).resolves.toBeUndefined();
    expect(client.ready).toBe(false);
  });
});
