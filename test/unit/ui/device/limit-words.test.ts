import { describe, expect, it } from 'vitest';
import { limitRows } from '../../../../src/ui/device/limit-words.ts';

describe('limitRows', () => {
  it('puts what matters first, in plain words and units', () => {
    const rows = limitRows({
      maxBindGroups: 4,
      maxStorageBufferBindingSize: 134_217_728,
      maxBufferSize: 268_435_456,
    });
    expect(rows.map((row) => row.name)).toEqual([
      'maxBufferSize',
      'maxStorageBufferBindingSize',
      'maxBindGroups',
    ]);
    expect(rows.map((row) => row.value)).toEqual(['256\u00a0MiB', '128\u00a0MiB', '4']);
    expect(rows.map((row) => row.title === null)).toEqual([false, false, true]);
  });

  it('loses no limit, known or not', () => {
    const limits = { maxBufferSize: 1, maxFutureThing: 12_345, minStorageBufferOffsetAlignment: 256 };
    const rows = limitRows(limits);
    expect(new Set(rows.map((row) => row.name))).toEqual(new Set(Object.keys(limits)));
    expect(rows.find((row) => row.name === 'maxFutureThing')?.value).toBe('12,345');
  });
});
