import { bordaSums } from '../rules/borda.ts';
import { EQUAL } from '../rules/ballot-order.ts';
import { countedRankings, rankedAnswers } from '../rules/rankings.ts';
import type { Stop } from './stop.ts';

/**
 * Normalised Borda: with points p_c from n_c reviewers and o_c rankings by others still to come, the mean of answer c ends
 * between p_c/(n_c + o_c) and (p_c + o_c)/(n_c + o_c): every ranking gives it 0..1, and one that never comes moves it less. An
 * answer whose least is above the most of every answer with another key is decided. For equal n and o this is P₁ > P₂ + o,
 * the exact Borda stop. Needs all answers in: a new one would change every rank.
 */
export const exactBorda: Stop = ({ ballot, outstanding, reviewing = [] }) => {
  if (countedRankings(ballot).length === 0 || [...outstanding.values()].some((open) => open > 0)) return null;
  const done = new Set(countedRankings(ballot).map(({ reviewerId }) => reviewerId));
  const open = [...new Set(reviewing)].filter(
    (id) => !done.has(id) && ballot.members.some((member) => member.id === id),
  );
  const sums = bordaSums(ballot);
  const ranges = rankedAnswers(ballot).map(({ memberId, key }) => {
    const { sum, from } = sums.get(memberId) ?? { sum: 0, from: 0 };
    const coming = open.filter((id) => id !== memberId).length;
    const all = from + coming;
    return all === 0 ? { key, least: 0, most: 0 } : { key, least: sum / all, most: (sum + coming) / all };
  });
  const decided = ranges.find(({ key, least }) =>
    ranges.every((other) => other.key === key || least > other.most + EQUAL),
  );
  return decided?.key ?? null;
};
