import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberRing, RowRing } from '#kernel/ring-buffer';

describe('NumberRing', () => {
  it('holds the newest numbers, oldest first, whatever was pushed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.float({ noNaN: true }), { maxLength: 80 }),
        fc.integer({ min: 0, max: 100 }),
        (capacity, pushed, asked) => {
          const ring = new NumberRing(capacity);
          for (const value of pushed) ring.push(value);
          const held = pushed.slice(-capacity);
          expect(ring.total).toBe(pushed.length);
          expect(ring.length).toBe(held.length);
          expect([...ring.newest(asked)]).toEqual(asked === 0 ? [] : held.slice(-asked));
        },
      ),
    );
  });

  it('refuses a capacity that holds nothing', () => {
    expect(() => new NumberRing(0)).toThrow('capacity');
  });
});

describe('RowRing', () => {
  it('holds the newest rows, oldest first, with epoch times exact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.tuple(fc.maxSafeInteger(), fc.double({ noNaN: true })), { maxLength: 40 }),
        (capacity, pushed) => {
          const ring = new RowRing(capacity, 2);
          for (const row of pushed) ring.push(row);
          const held = Array.from({ length: ring.length }, (_, index) => [...ring.row(index)]);
          expect(held).toEqual(pushed.slice(-capacity));
        },
      ),
    );
  });

  it('refuses a row of another width and an index outside', () => {
    const ring = new RowRing(2, 3);
    expect(() => {
      ring.push([1, 2]);
    }).toThrow('width');
    expect(() => ring.row(0)).toThrow('index');
  });
});
