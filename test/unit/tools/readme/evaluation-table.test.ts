import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/council/evaluation/evaluate.ts';
import { BEGIN, END, evaluationTable, withTable } from '../../../../tools/readme/evaluation-table.ts';
import { renderEvaluation } from '../../../../tools/witan/render-evaluation.ts';
import { PLAIN_RULES } from '../../../fakes/plain-rules.ts';
import { recordedBallot, recordHead, type Said } from '../../../fakes/recorded-ballots.ts';

const BALLOTS = Array.from({ length: 40 }, (_, n) => {
  const wrong: Said = n % 5 === 0 ? 2 : 1;
  return recordedBallot(
    1,
    [
      [1, 1],
      [wrong, 1, 1, 1, 1, 1],
      [1, wrong],
    ],
    {
      id: `q${String(n).padStart(2, '0')}`,
      family: n < 20 ? 'sums' : 'lists',
    },
  );
});
const reportOf = (head = recordHead({ samples: 2 }), at = 0, wallMs = 0) =>
  evaluate({ head, ballots: BALLOTS }, { rules: PLAIN_RULES, wallMs, at });

describe('the table', () => {
  const table = evaluationTable(reportOf());

  it('has a row for every arm, every pair and every stop, as Markdown', () => {
    const { arms, pairs, stops } = reportOf();
    const lines = table.split('\n').filter((line) => line.startsWith('| '));
    expect(lines).toHaveLength(arms.length + pairs.length + stops.length + 3 * 2);
    expect(table).toContain('| best-member-equal-calls | 40/40 | 100.0 % | 91.2 % to 100.0 % | 240 |');
    expect(table).toContain('| best-member | 32/40 | 80.0 % |');
    expect(table).toContain('+20.00');
  });

  it('is the same for the same answers, however long they took and whenever', () => {
    expect(
      evaluationTable(reportOf(recordHead({ samples: 2, startedAt: 5, machine: 'else' }), 77, 1234)),
    ).toBe(table);
  });

  it('goes into the place that a text has for it, in place of an older one', () => {
    const text = `before\n${BEGIN}\nold\n${END}\nafter\n`;
    const once = withTable(text, 'new');
    expect(once).toBe(`before\n${BEGIN}\n\nnew\n\n${END}\nafter\n`);
    expect(withTable(once, 'new')).toBe(once);
    expect(() => withTable('no place', 'new')).toThrow('no lines');
  });
});

describe('for people', () => {
  const text = renderEvaluation(reportOf());

  it('says who is recommended, how sure that is, and what each difference is worth', () => {
    expect(text).toContain('rule:slm-mux − best-member-equal-calls');
    expect(text).toContain('Best council on these questions: alder + cedar');
    expect(text).toContain('refused (not certain)');
    expect(text).toContain('p (Holm)');
    expect(text).toMatch(/best-member\s+32\/40\s+80\.0 %/);
  });

  it('says that there is no council where nobody fits beside the best', () => {
    const head = recordHead({ members: recordHead().members.slice(0, 1) });
    const alone = BALLOTS.map((each) => ({
      ...each,
      samples: each.samples.filter(({ memberId, index }) => memberId === 'alder' && index === 0),
    }));
    const report = evaluate({ head, ballots: alone }, { rules: PLAIN_RULES, wallMs: 0, at: 0 });
    expect(renderEvaluation(report)).toContain('No council of two or more members fits.');
  });
});
