import { BUDGET_LINES, type Budget, type PlanMember } from '#contracts/plan';

const MIB = 2 ** 20;

export type BudgetName = (typeof BUDGET_LINES)[number];

export interface BudgetPart {
  /** The member that it belongs to; null: all together. */
  readonly member: string | null;
  readonly mib: number;
}

export interface BudgetRow {
  readonly name: BudgetName;
  readonly mib: number;
  /** Of all, 0..1. */
  readonly share: number;
  readonly parts: readonly BudgetPart[];
}

export interface BudgetTable {
  readonly rows: readonly BudgetRow[];
  readonly totalMib: number;
}

/**
 * The lines of a budget in whole MiB, one row a kind. Rounded along the running sum, so that what is shown adds up to the
 * total that is shown, in each row and in all of them.
 */
export function budgetTable({ lines }: Budget, members: readonly PlanMember[]): BudgetTable {
  const nameOf = new Map(members.map(({ id, name }) => [id, name]));
  const total = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytesSoFar = 0;
  let mibSoFar = 0;
  const rows = BUDGET_LINES.flatMap((name): BudgetRow[] => {
    const own = lines.filter((line) => line.name === name);
    if (own.length === 0) return [];
    const from = bytesSoFar;
    const parts = own.map(({ member, bytes }): BudgetPart => {
      bytesSoFar += bytes;
      const mib = Math.round(bytesSoFar / MIB) - mibSoFar;
      mibSoFar += mib;
      return { member: member === null ? null : (nameOf.get(member) ?? member), mib };
    });
    const mib = parts.reduce((sum, part) => sum + part.mib, 0);
    return [{ name, mib, share: total === 0 ? 0 : (bytesSoFar - from) / total, parts }];
  });
  return { rows, totalMib: mibSoFar };
}
