import { assert } from './assert.ts';

/** The newest numbers of a stream. Pushing neither allocates nor moves anything. */
export class NumberRing {
  readonly #slots: Float32Array;
  #total = 0;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, 'capacity of a ring');
    this.#slots = new Float32Array(capacity);
  }

  /** Numbers pushed so far, those that were overwritten included. */
  get total(): number {
    return this.#total;
  }

  /** Numbers held now. */
  get length(): number {
    return Math.min(this.#total, this.#slots.length);
  }

  push(value: number): void {
    this.#slots[this.#total % this.#slots.length] = value;
    this.#total += 1;
  }

  /** A copy of the newest `count` numbers, or of all that are held if there are fewer; oldest first. */
  newest(count: number): Float32Array {
    const taken = Math.max(0, Math.min(count, this.length));
    const copy = new Float32Array(taken);
    const start = this.#total - taken;
    for (let i = 0; i < taken; i += 1) copy[i] = this.#slots[(start + i) % this.#slots.length] ?? 0;
    return copy;
  }
}

/** The newest rows of a table of numbers, all of one width, in double precision (epoch times fit). */
export class RowRing {
  readonly #cells: Float64Array;
  readonly #capacity: number;
  readonly #width: number;
  #total = 0;

  constructor(capacity: number, width: number) {
    assert(Number.isInteger(capacity) && capacity > 0, 'capacity of a ring');
    assert(Number.isInteger(width) && width > 0, 'width of a row');
    this.#capacity = capacity;
    this.#width = width;
    this.#cells = new Float64Array(capacity * width);
  }

  /** Rows held now. */
  get length(): number {
    return Math.min(this.#total, this.#capacity);
  }

  /** Copies `row`; it must have the ring's width. */
  push(row: ArrayLike<number>): void {
    assert(row.length === this.#width, 'width of a row');
    const offset = (this.#total % this.#capacity) * this.#width;
    for (let i = 0; i < this.#width; i += 1) this.#cells[offset + i] = row[i] ?? 0;
    this.#total += 1;
  }

  /** Row `index` (0 is the oldest that is held) as a view: read it before the next push. */
  row(index: number): Float64Array {
    assert(index >= 0 && index < this.length, 'index of a row');
    const offset = ((this.#total - this.length + index) % this.#capacity) * this.#width;
    return this.#cells.subarray(offset, offset + this.#width);
  }
}
