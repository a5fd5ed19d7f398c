import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Semaphore } from '#kernel/semaphore';
import { turn } from '../../fakes/turn.ts';

const NEVER = new AbortController().signal;

describe('a semaphore', () => {
  it('grants its slots and lets the rest wait, first come first served', async () => {
    const semaphore = new Semaphore(1);
    const order: number[] = [];
    const first = await semaphore.acquire(NEVER);
    const waiting = [1, 2, 3].map(async (n) => {
      const release = await semaphore.acquire(NEVER);
      order.push(n);
      release?.();
    });
    await turn();
    expect(order).toEqual([]);
    first?.();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it('grows: the next who waits goes on, or the slot is free', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire(NEVER);
    const waiting = semaphore.acquire(NEVER);
    semaphore.grow();
    expect(await waiting).not.toBeNull();
    semaphore.grow();
    expect(await semaphore.acquire(NEVER)).not.toBeNull();
  });

  it('takes a slot back only once', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(NEVER);
    release?.();
    release?.();
    const held = await semaphore.acquire(NEVER);
    let second = false;
    void semaphore.acquire(NEVER).then(() => {
      second = true;
    });
    await turn();
    expect(second).toBe(false);
    held?.();
    await turn();
    expect(second).toBe(true);
  });

  it('gives nothing to who has left, and forgets its place', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(NEVER);
    const leaving = new AbortController();
    const left = semaphore.acquire(leaving.signal);
    const next = semaphore.acquire(NEVER);
    leaving.abort();
    expect(await left).toBeNull();
    release?.();
    expect(await next).not.toBeNull();
  });

  it('gives nothing to an aborted signal although a slot is free', async () => {
    const semaphore = new Semaphore(1);
    const aborted = new AbortController();
    aborted.abort();
    expect(await semaphore.acquire(aborted.signal)).toBeNull();
    expect(await semaphore.acquire(NEVER)).not.toBeNull();
  });
});

it('never grants more slots than it has, and loses none, whoever leaves when', async () => {
  const moves = fc.array(fc.record({ move: fc.constantFrom('take', 'give', 'leave'), which: fc.nat(9) }));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), moves, async (slots, script) => {
      const semaphore = new Semaphore(slots);
      const held: (() => void)[] = [];
      const asking: AbortController[] = [];
      for (const { move, which } of script) {
        if (move === 'take') {
          const controller = new AbortController();
          asking.push(controller);
          void semaphore.acquire(controller.signal).then((release) => {
            if (release !== null) held.push(release);
          });
        } else if (move === 'give') held.splice(which % Math.max(1, held.length), 1)[0]?.();
        else asking[which % Math.max(1, asking.length)]?.abort();
        await turn();
        expect(held.length).toBeLessThanOrEqual(slots);
      }
      for (const controller of asking) controller.abort();
      for (const release of held.splice(0)) release();
      await turn();
      for (const release of held.splice(0)) release();
      const all = await Promise.all(Array.from({ length: slots }, () => semaphore.acquire(NEVER)));
      expect(all).not.toContain(null);
    }),
  );
});

it('says whether one who came now would wait', async () => {
  const semaphore = new Semaphore(1);
  expect(semaphore.free).toBe(true);
  const release = await semaphore.acquire(new AbortController().signal);
  expect(semaphore.free).toBe(false);
  release?.();
  expect(semaphore.free).toBe(true);
});
