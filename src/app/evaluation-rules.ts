import type { Rule } from '#contracts/rules';
import type { RuleSet } from '../council/evaluation/judged.ts';
import { pluralityWinner } from '../council/plurality.ts';

/** Every sample a vote; a tie goes to the key of the more accurate member. */
const plurality: Rule = ({ members, samples }) => {
  const accuracies = new Map(members.map(({ id, accuracy }) => [id, accuracy]));
  const accuracyOf = (id: string): number => accuracies.get(id) ?? 0;
  const votes = [...samples]
    .sort((a, b) => accuracyOf(b.memberId) - accuracyOf(a.memberId) || a.index - b.index)
    .flatMap(({ memberId, key }) => (key === null ? [] : [{ memberId, key }]));
  const winner = pluralityWinner(votes, accuracyOf);
  const speaker = votes.find(({ key }) => key === winner?.key);
  if (winner === null || speaker === undefined) return null;
  const scores = new Map<string, number>();
  for (const { key } of votes) scores.set(key, (scores.get(key) ?? 0) + 1);
  return { ...winner, speakerId: speaker.memberId, scores };
};

/** The rules that evaluations replay. */
export const EVALUATION_RULES: RuleSet = { plurality };
