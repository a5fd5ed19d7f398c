import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AGE_STEP_MS, PRIORITIES, serviceKeyMs } from '../../../../src/council/orchestrator/aging.ts';
import { RequestQueue, type Queued } from '../../../../src/council/orchestrator/request-queue.ts';

const item = (modelId: string, keyMs: number, order: number): Queued => ({ modelId, keyMs, order });

it('serves by key, equal keys in the order they came, and models by their head', () => {
  const queue = new RequestQueue(10);
  const items = [item('a', 5, 1), item('a', 3, 2), item('b', 3, 3), item('a', 3, 4)];
  for (const each of items) expect(queue.offer(each)).toBe(true);
  expect(queue.of('a').map(({ order }) => order)).toEqual([2, 4, 1]);
  expect(queue.models()).toEqual(['a', 'b']);
  expect(queue.of('c')).toEqual([]);
});

it('is full at its limit, and still takes back what had its place', () => {
  const queue = new RequestQueue(1);
  const first = item('a', 1, 1);
  expect(queue.offer(first)).toBe(true);
  expect(queue.offer(item('a', 2, 2))).toBe(false);
  expect(queue.depth).toBe(1);
  expect(queue.remove(first)).toBe(true);
  expect(queue.remove(first)).toBe(false);
  queue.offer(item('b', 1, 3));
  queue.putBack(first);
  expect(queue.depth).toBe(2);
});

it('keeps every lane sorted and its depth right, whatever comes and goes', () => {
  const step = fc.record({
    modelId: fc.constantFrom('a', 'b', 'c'),
    keyMs: fc.nat(20),
    removes: fc.boolean(),
    which: fc.nat(50),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = new RequestQueue(30);
      let inside: Queued[] = [];
      steps.forEach(({ modelId, keyMs, removes, which }, order) => {
        const gone = inside[which % Math.max(1, inside.length)];
        if (removes && gone !== undefined) {
          expect(queue.remove(gone)).toBe(true);
          inside = inside.filter((each) => each !== gone);
          return;
        }
        const next = item(modelId, keyMs, order);
        expect(queue.offer(next)).toBe(inside.length < 30);
        if (inside.length < 30) inside.push(next);
      });
      expect(queue.depth).toBe(inside.length);
      for (const id of ['a', 'b', 'c']) {
        const expected = inside
          .filter(({ modelId }) => modelId === id)
          .sort((a, b) => a.keyMs - b.keyMs || a.order - b.order);
        expect(queue.of(id)).toEqual(expected);
      }
      const heads = queue.models().map((id) => queue.of(id)[0]?.keyMs ?? -1);
      expect(heads).toEqual([...heads].sort((a, b) => a - b));
      expect(queue.models()).toHaveLength(new Set(inside.map(({ modelId }) => modelId)).size);
    }),
  );
});

it('nothing that comes a class of priority times the step later goes before it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PRIORITIES),
      fc.constantFrom(...PRIORITIES),
      fc.nat(100_000),
      fc.nat(100_000),
      (early, late, atMs, laterMs) => {
        const bound = PRIORITIES.indexOf(early) * AGE_STEP_MS;
        const overtakes = serviceKeyMs(late, atMs + laterMs) < serviceKeyMs(early, atMs);
        if (laterMs >= bound) expect(overtakes).toBe(false);
        if (PRIORITIES.indexOf(late) >= PRIORITIES.indexOf(early)) expect(overtakes).toBe(false);
      },
    ),
  );
  expect(serviceKeyMs('urgent', 9_999)).toBeLessThan(serviceKeyMs('background', 0));
});
