import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TurnQueue, type Turn } from '../../../../../tools/witan/serve/turn-queue.ts';
import { turn } from '../../../../fakes/turn.ts';
import { VirtualClock } from '../../../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

/** Ends a turn that must have been granted. */
function end(granted: Turn): void {
  if (granted.type !== 'granted') throw new Error(granted.type);
  granted.end();
}

test('one at a time, in the order in which they came', async () => {
  const queue = new TurnQueue(new VirtualClock(), 2);
  const order: string[] = [];
  const first = await queue.enter(NEVER);
  const others = ['second', 'third'].map(async (name) => {
    const granted = await queue.enter(NEVER);
    order.push(name);
    return granted;
  });
  await turn();
  expect([queue.running, queue.waiting, order]).toEqual([1, 2, []]);
  end(first);
  const [second, third] = others;
  if (second === undefined || third === undefined) throw new Error('two');
  end(await second);
  end(await third);
  expect(order).toEqual(['second', 'third']);
  expect([queue.running, queue.waiting]).toEqual([0, 0]);
});

test('who finds it full is told when to come again, by how long answers took', async () => {
  const clock = new VirtualClock();
  const queue = new TurnQueue(clock, 1);
  for (let answers = 0; answers < 30; answers += 1) {
    const granted = await queue.enter(NEVER);
    clock.advance(4_000);
    end(granted);
  }
  const running = await queue.enter(NEVER);
  const waiting = queue.enter(NEVER);
  expect(await queue.enter(NEVER)).toEqual({ type: 'refused', retryAfterS: 8 });
  end(running);
  end(await waiting);
});

test('a queue without places still answers one', async () => {
  const queue = new TurnQueue(new VirtualClock(), 0);
  const granted = await queue.enter(NEVER);
  expect((await queue.enter(NEVER)).type).toBe('refused');
  end(granted);
  end(granted);
  expect((await queue.enter(NEVER)).type).toBe('granted');
});

test('who goes while waiting makes room', async () => {
  const queue = new TurnQueue(new VirtualClock(), 1);
  const granted = await queue.enter(NEVER);
  const leaving = new AbortController();
  const left = queue.enter(leaving.signal);
  leaving.abort();
  expect(await left).toEqual({ type: 'gone' });
  expect(await queue.enter(leaving.signal)).toEqual({ type: 'gone' });
  const next = queue.enter(NEVER);
  end(granted);
  expect((await next).type).toBe('granted');
});

test('whatever comes and goes, there is one at most, never more than may wait, and all are served', async () => {
  const act = fc.constantFrom('enter', 'enter', 'end', 'leave');
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.array(act, { maxLength: 40 }), async (limit, acts) => {
      const queue = new TurnQueue(new VirtualClock(), limit);
      const asked: { readonly stop: AbortController; settled: Turn | null; over: boolean }[] = [];
      for (const next of acts) {
        if (next === 'enter') {
          const entry = { stop: new AbortController(), settled: null as Turn | null, over: false };
          asked.push(entry);
          void queue.enter(entry.stop.signal).then((settled) => {
            entry.settled = settled;
          });
        }
        const open = asked.filter(({ over }) => !over);
        const holder = open.find(({ settled }) => settled?.type === 'granted');
        if (next === 'end' && holder !== undefined) {
          holder.over = true;
          if (holder.settled !== null) end(holder.settled);
        }
        if (next === 'leave') open.find(({ settled }) => settled === null)?.stop.abort();
        await turn();
        const holding = asked.filter(({ settled, over }) => settled?.type === 'granted' && !over).length;
        expect(holding).toBe(queue.running);
        expect(queue.running).toBeLessThanOrEqual(1);
        expect(queue.waiting).toBeLessThanOrEqual(limit);
        expect(asked.filter(({ settled }) => settled === null)).toHaveLength(queue.waiting);
      }
      for (;;) {
        const holder = asked.find(({ settled, over }) => settled?.type === 'granted' && !over);
        if (holder?.settled == null) break;
        holder.over = true;
        end(holder.settled);
        await turn();
      }
      expect(asked.every(({ settled }) => settled !== null)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
