import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TabChannel } from '../../../src/platform/tab-channel.ts';

/** Channels of one name reach every other channel of that name, never themselves. */
class Broadcast extends EventTarget {
  static readonly open: Broadcast[] = [];
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
    Broadcast.open.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of Broadcast.open) {
      if (other !== this && other.name === this.name)
        other.dispatchEvent(new MessageEvent('message', { data }));
    }
  }
}

beforeEach(() => {
  Broadcast.open.length = 0;
  vi.stubGlobal('BroadcastChannel', Broadcast);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it('tells this tab and the others, each once', () => {
  const [here, there, elsewhere] = ['history', 'history', 'settings'].map((name) => new TabChannel(name));
  const heard: string[] = [];
  here?.subscribe(() => heard.push('here'));
  there?.subscribe(() => heard.push('there'));
  elsewhere?.subscribe(() => heard.push('elsewhere'));
  here?.announce();
  expect(heard.sort()).toEqual(['here', 'there']);
});

it('forgets who left', () => {
  const channel = new TabChannel('history');
  const listener = vi.fn();
  channel.subscribe(listener)();
  channel.announce();
  expect(listener).not.toHaveBeenCalled();
});

it('still tells its own tab where there are no channels', () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const channel = new TabChannel('history');
  const listener = vi.fn();
  channel.subscribe(listener);
  channel.announce();
  expect(listener).toHaveBeenCalledTimes(1);
});
