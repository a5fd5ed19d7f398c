import type { Deliberation } from '../../../src/contracts/deliberation.ts';
import type { RoundNews } from './backend.ts';

type Progress = Pick<Extract<RoundNews, { type: 'chunk' }>, 'characters' | 'tokens'>;

/** What each member has written so far in a round, and how many have ended. */
export class RoundEar {
  readonly #progress = new Map<string, Progress[]>();
  #ended = 0;

  hear(news: RoundNews): void {
    if (news.type === 'ended') this.#ended += 1;
    if (news.type !== 'chunk') return;
    const steps = this.#progress.get(news.memberId) ?? [];
    steps.push(news);
    this.#progress.set(news.memberId, steps);
  }

  /** For those who wait. */
  get words(): string {
    return `${this.#ended} of the council have ended`;
  }

  /** How many characters of its text a member had written with so many tokens; 0 where it began with more. */
  charactersWithin(memberId: string, tokens: number): number {
    const steps = this.#progress.get(memberId) ?? [];
    return steps.findLast((step) => step.tokens <= tokens)?.characters ?? 0;
  }
}

/**
 * The council's answer within a limit of tokens: of the member that it quotes, whose text is cut where it was at the limit.
 * Pieces of a stream may hold several tokens; it is cut before the one that goes beyond.
 */
export function withinTokens(
  record: Deliberation,
  answer: string,
  ear: RoundEar,
  maxTokens: number | null,
): { readonly text: string; readonly finish: 'stop' | 'length' } {
  const speaker = record.members.find(
    (member) => member.key === record.key && member.answer.trim() === answer,
  );
  if (maxTokens === null || speaker === undefined || speaker.tokens <= maxTokens) {
    return { text: answer, finish: 'stop' };
  }
  const characters = ear.charactersWithin(speaker.id, maxTokens);
  return { text: speaker.answer.slice(0, characters).trim(), finish: 'length' };
}
