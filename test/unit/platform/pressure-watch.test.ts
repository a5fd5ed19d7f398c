import { expect, it } from 'vitest';
import { PressureWatch } from '../../../src/platform/pressure-watch.ts';

type OnChange = (changes: readonly { readonly state: unknown }[]) => void;

function browser(observe: () => Promise<void> = () => Promise.resolve()): {
  Observer: new (onChange: OnChange) => { observe: () => Promise<void> };
  tell: (...states: readonly string[]) => void;
  observers: () => number;
} {
  const listeners: OnChange[] = [];
  class Observer {
    constructor(onChange: OnChange) {
      listeners.push(onChange);
    }
    observe = observe;
  }
  return {
    Observer,
    tell: (...states) => {
      for (const listener of listeners) listener(states.map((state) => ({ state })));
    },
    observers: () => listeners.length,
  };
}

it('waits for the first state and then has the newest at once, from one observer', async () => {
  const { Observer, tell, observers } = browser();
  const watch = new PressureWatch(() => Observer);
  const first = watch.state();
  tell('nominal', 'fair');
  expect(await first).toBe('fair');
  tell('serious');
  expect(await watch.state()).toBe('serious');
  expect(observers()).toBe(1);
});

it('settles with null where the browser has none, and where it refuses', async () => {
  expect(await new PressureWatch(() => undefined).state()).toBeNull();
  const refusing = browser(() => Promise.reject(new DOMException('denied', 'NotAllowedError')));
  expect(await new PressureWatch(() => refusing.Observer).state()).toBeNull();
});

it('does not settle while there is no state: whoever asks sets the limit', async () => {
  const { Observer } = browser();
  const state = new PressureWatch(() => Observer).state().then(() => 'settled');
  const turn = new Promise((resolve) => setImmediate(resolve, 'waits'));
  expect(await Promise.race([state, turn])).toBe('waits');
});
