import { beforeEach, expect, it } from 'vitest';
import { ScreenWakeLock, type WakeSentinel } from '../../../src/platform/screen-wake-lock.ts';
import { turn } from '../../fakes/turn.ts';

class FakeSentinel implements WakeSentinel {
  released = false;
  #onRelease: () => void = () => undefined;

  release(): Promise<void> {
    this.released = true;
    this.#onRelease();
    return Promise.resolve();
  }

  addEventListener(_type: 'release', listener: () => void): void {
    this.#onRelease = listener;
  }
}

let given: FakeSentinel[];
let refuse: boolean;
let visible: boolean;
let seen: ((visible: boolean) => void) | null;
/** Held back until the test lets the browser answer. */
let answer: Promise<void>;
let lock: ScreenWakeLock;

const held = (): number => given.filter(({ released }) => !released).length;
const show = async (now: boolean): Promise<void> => {
  visible = now;
  // As browsers do: a page that is hidden has none.
  if (!now) await Promise.all(given.map((sentinel) => sentinel.release()));
  seen?.(now);
  await turn();
};

beforeEach(() => {
  given = [];
  refuse = false;
  visible = true;
  seen = null;
  answer = Promise.resolve();
  lock = new ScreenWakeLock({
    request: async () => {
      await answer;
      if (refuse) throw new DOMException('low battery', 'NotAllowedError');
      const sentinel = new FakeSentinel();
      given.push(sentinel);
      return sentinel;
    },
    visible: () => visible,
    onVisibility: (listener) => {
      seen = listener;
      return () => {
        seen = null;
      };
    },
  });
});

it('is held while it is wanted, once', async () => {
  lock.want(true);
  lock.want(true);
  await turn();
  expect(given).toHaveLength(1);
  expect(held()).toBe(1);
  lock.want(false);
  expect(held()).toBe(0);
  expect(seen).toBeNull();
});

it('comes back when the page is seen again, as long as it is wanted', async () => {
  lock.want(true);
  await turn();
  await show(false);
  expect(held()).toBe(0);
  await show(true);
  expect(held()).toBe(1);
  lock.want(false);
  await show(true);
  expect(held()).toBe(0);
  expect(given).toHaveLength(2);
});

it('is not asked for by a hidden page, but when it is seen', async () => {
  await show(false);
  lock.want(true);
  await turn();
  expect(given).toHaveLength(0);
  await show(true);
  expect(held()).toBe(1);
});

it('that comes too late is given back', async () => {
  let say: () => void = () => undefined;
  answer = new Promise((resolve) => {
    say = resolve;
  });
  lock.want(true);
  lock.want(false);
  say();
  await turn();
  expect(given).toHaveLength(1);
  expect(held()).toBe(0);
});

it('that is refused harms nothing, and is asked for again when the page is next seen', async () => {
  refuse = true;
  lock.want(true);
  await turn();
  expect(given).toHaveLength(0);
  refuse = false;
  await show(true);
  expect(held()).toBe(1);
});

it('that was wanted, not, and wanted again while the browser thought is held', async () => {
  let say: () => void = () => undefined;
  answer = new Promise((resolve) => {
    say = resolve;
  });
  lock.want(true);
  lock.want(false);
  lock.want(true);
  say();
  await turn();
  expect(held()).toBe(1);
});
