import { describe, expect, it } from 'vitest';
import { ChunkQueue } from '../../../../src/storage/download/chunk-queue.ts';

const runOf = (queue: ChunkQueue, atMost: number): number[] | null => {
  const claim = queue.claim(atMost);
  return claim === null ? null : Array.from({ length: claim.count }, (_, index) => claim.first + index);
};

describe('the chunks that are wanted', () => {
  it('are taken in runs, over no gap, and by one at a time', () => {
    const queue = new ChunkQueue([1, 2, 3, 6, 7]);
    expect(runOf(queue, 2)).toEqual([1, 2]);
    expect(runOf(queue, 9)).toEqual([3]);
    expect(runOf(queue, 9)).toEqual([6, 7]);
    expect(runOf(queue, 9)).toBeNull();
    expect(queue.size).toBe(5);
  });

  it('are free again when they are given back, but for those that were handed over', () => {
    const queue = new ChunkQueue([0, 1, 2]);
    const claim = queue.claim(3);
    claim?.handOver(1);
    claim?.release();
    claim?.release();
    expect(runOf(queue, 9)).toEqual([0]);
    expect(runOf(queue, 9)).toEqual([2]);
    queue.kept(1);
    expect(queue.size).toBe(2);
  });

  it('go alone once they were bad, and say from where', () => {
    const queue = new ChunkQueue([0, 1, 2, 3]);
    queue.claim(4)?.release();
    const claim = queue.claim(4);
    claim?.handOver(2);
    claim?.release();
    expect(queue.bad(2, 'a')).toBe(1);
    expect(runOf(queue, 9)).toEqual([0, 1]);
    const alone = queue.claim(9);
    expect([alone?.first, alone?.count, [...(alone?.avoid ?? [])]]).toEqual([2, 1, ['a']]);
    expect(queue.bad(2, 'b')).toBe(2);
    expect([...(queue.claim(9)?.avoid ?? [])]).toEqual(['a', 'b']);
  });

  it('can be looked for from a place on', () => {
    const queue = new ChunkQueue([2, 5]);
    expect(queue.anyFreeFrom(3)).toBe(true);
    const claim = queue.claimWithin(4, 9);
    expect([claim.holds(5), claim.holds(4)]).toEqual([true, false]);
    expect(queue.anyFreeFrom(3)).toBe(false);
    expect(queue.anyFreeFrom(0)).toBe(true);
  });
});
