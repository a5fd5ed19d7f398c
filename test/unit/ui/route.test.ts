import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, hashOfRecord, parseRoute, type PageName } from '../../../src/ui/route.ts';

describe('parseRoute', () => {
  it('opens each page under its own fragment', () => {
    const pages: readonly PageName[] = [
      'council',
      'device',
      'models',
      'monitor',
      'benchmark',
      'plan',
      'settings',
    ];
    for (const page of pages) expect(parseRoute(hashOf(page)).page).toBe(page);
  });

  it('opens a page under the address of one of its parts, and under no other that begins alike', () => {
    expect(parseRoute('#/models/storage')).toEqual({ page: 'models' });
    expect(parseRoute('#/modelsstorage').page).toBe('council');
  });

  it('opens a shared result on the benchmark page, whatever its version', () => {
    expect(parseRoute('#b1.abc')).toEqual({ page: 'benchmark', shared: '#b1.abc' });
    expect(parseRoute('#b12.x')).toEqual({ page: 'benchmark', shared: '#b12.x' });
    expect(parseRoute('#benchmark')).toEqual({ page: 'council', recordId: null });
  });

  it('reads back every record id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
        expect(parseRoute(hashOfRecord(id))).toEqual({ page: 'council', recordId: id });
      }),
    );
  });

  it('shows the council page for anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['council', 'device', 'models', 'monitor', 'benchmark', 'plan', 'settings']).toContain(
          parseRoute(`#${text}`).page,
        );
      }),
    );
    expect(parseRoute('#/history/%E0%A4%A')).toEqual({ page: 'council', recordId: '%E0%A4%A' });
  });
});
