import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUDGET_LINES, type Budget } from '#contracts/plan';
import { budgetTable } from '../../../../src/ui/plan/budget-rows.ts';
import { capacityPlan } from '../../../fakes/plan-data.ts';

const MIB = 2 ** 20;

describe('the budget', () => {
  it('has a row a kind, in the order of the contract, and names the members', () => {
    const { budget, members } = capacityPlan();
    const { rows, totalMib } = budgetTable(budget, members);
    expect(rows.map(({ name }) => name)).toEqual(BUDGET_LINES);
    expect(totalMib).toBe(8192);
    const weights = rows.find(({ name }) => name === 'weights');
    expect(weights?.parts.map(({ member }) => member)).toEqual(members.map(({ name }) => name));
  });

  it('calls a member that is not in the plan by its id, and is empty without lines', () => {
    const budget: Budget = {
      totalBytes: MIB,
      source: 'hint',
      lines: [{ name: 'cache', member: 'gone', bytes: MIB }],
    };
    expect(budgetTable(budget, []).rows[0]?.parts).toEqual([{ member: 'gone', mib: 1 }]);
    expect(budgetTable({ ...budget, lines: [] }, [])).toEqual({ rows: [], totalMib: 0 });
  });

  it('adds up as it is shown, whatever is in it', () => {
    const line = fc.record({
      name: fc.constantFrom(...BUDGET_LINES),
      member: fc.constantFrom(null, 'a', 'b'),
      bytes: fc.nat({ max: 2 ** 31 }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 24 }), (lines) => {
        const totalBytes = lines.reduce((sum, { bytes }) => sum + bytes, 0);
        const { rows, totalMib } = budgetTable({ totalBytes, source: 'hint', lines }, []);
        expect(totalMib).toBe(Math.round(totalBytes / MIB));
        expect(rows.reduce((sum, { mib }) => sum + mib, 0)).toBe(totalMib);
        for (const { mib, parts } of rows) expect(parts.reduce((sum, part) => sum + part.mib, 0)).toBe(mib);
        const exact = (name: string): number =>
          lines.filter((each) => each.name === name).reduce((sum, { bytes }) => sum + bytes, 0) / MIB;
        for (const { name, mib } of rows) expect(Math.abs(mib - exact(name))).toBeLessThanOrEqual(1);
        if (totalBytes > 0) expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});
