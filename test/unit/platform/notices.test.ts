import { describe, expect, it, vi } from 'vitest';
import { Notices, type NotificationPorts } from '../../../src/platform/notices.ts';

class Browser implements NotificationPorts {
  now: NotificationPermission = 'default';
  /** What the user will answer. */
  answer: NotificationPermission = 'granted';
  readonly shown: (readonly [string, string])[] = [];
  readonly permission = (): NotificationPermission => this.now;
  readonly ask = vi.fn(() => {
    if (this.now === 'default') this.now = this.answer;
    return Promise.resolve(this.now);
  });
  readonly show = (title: string, body: string): Promise<void> => {
    this.shown.push([title, body]);
    return Promise.resolve();
  };
}

/** The part of `localStorage` that is used. */
function memoryStore(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

const blocked = (): Storage => {
  throw new DOMException('blocked', 'SecurityError');
};

describe('notifications', () => {
  it('are off, and nobody is asked, until somebody switches them on', async () => {
    const browser = new Browser();
    const notices = new Notices(browser, memoryStore);
    expect(notices.state()).toBe('off');
    await notices.tell('title', 'body');
    expect(browser.ask).not.toHaveBeenCalled();
    expect(browser.shown).toEqual([]);
  });

  it('are shown once they are switched on, also after a reload, and not when switched off', async () => {
    const browser = new Browser();
    const store = memoryStore();
    const notices = new Notices(browser, () => store);
    expect(await notices.set(true)).toBe('on');
    await notices.tell('title', 'body');
    expect(browser.shown).toEqual([['title', 'body']]);
    const reloaded = new Notices(browser, () => store);
    expect(reloaded.state()).toBe('on');
    expect(await reloaded.set(false)).toBe('off');
    await reloaded.tell('more', '');
    expect(browser.shown).toHaveLength(1);
    expect(new Notices(browser, () => store).state()).toBe('off');
  });

  it('that the browser allows are still off for whoever never switched them on here', () => {
    const browser = new Browser();
    browser.now = 'granted';
    expect(new Notices(browser, memoryStore).state()).toBe('off');
  });

  it.each([
    ['denied', 'refused'],
    ['default', 'off'],
  ] as const)('stay off when the user answers %s', async (answer, state) => {
    const browser = new Browser();
    browser.answer = answer;
    const notices = new Notices(browser, memoryStore);
    expect(await notices.set(true)).toBe(state);
    browser.now = 'granted';
    expect(notices.state()).toBe('off');
  });

  it('are off when the permission is taken back', async () => {
    const browser = new Browser();
    const notices = new Notices(browser, memoryStore);
    await notices.set(true);
    browser.now = 'denied';
    expect(notices.state()).toBe('refused');
    await notices.tell('title', 'body');
    expect(browser.shown).toEqual([]);
  });

  it('hold in this tab where the browser keeps nothing', async () => {
    const notices = new Notices(new Browser(), blocked);
    expect(notices.state()).toBe('off');
    expect(await notices.set(true)).toBe('on');
    expect(await notices.set(false)).toBe('off');
  });

  it('are not offered where there are none', async () => {
    const notices = new Notices(null, memoryStore);
    expect(notices.state()).toBe('absent');
    expect(await notices.set(true)).toBe('absent');
    await expect(notices.tell('title', 'body')).resolves.toBeUndefined();
  });

  it('harm nobody when they cannot be shown', async () => {
    const browser = new Browser();
    const notices = new Notices(
      { ...browser, ask: browser.ask, show: () => Promise.reject(new TypeError('gone')) },
      memoryStore,
    );
    await notices.set(true);
    await expect(notices.tell('title', 'body')).resolves.toBeUndefined();
  });
});
