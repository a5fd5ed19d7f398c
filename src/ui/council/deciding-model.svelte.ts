import { CHAIRMAN_INSTRUCTION, REVIEW_INSTRUCTION } from '#contracts/instructions';
import type { AskOptions } from '#contracts/deliberation';
import { MOST_WEIGHT, type RuleName, type StopName } from '#contracts/rules';
import type { Deciding } from './council-model.svelte.ts';

/** Whose instructions can be written anew, and what we tell them otherwise. */
export const OUR_INSTRUCTIONS = { review: REVIEW_INSTRUCTION, chairman: CHAIRMAN_INSTRUCTION } as const;
export type Instructed = keyof typeof OUR_INSTRUCTIONS;

/** How the next answers are decided, as the page has it. It holds until the page is left. */
export class DecidingModel implements Deciding {
  rule = $state<RuleName | 'auto'>('auto');
  samples = $state(1);
  stop = $state<StopName>('exact');
  chairman = $state<string | null>(null);
  /** By member; null while a box is empty. */
  readonly weights = $state<Record<string, number | null>>({});
  /** The user's own; null: ours. */
  readonly #own = $state<Record<Instructed, string | null>>({ review: null, chairman: null });

  /** Votes are counted, or may be. */
  readonly counts = $derived(['auto', 'plurality', 'confidence'].includes(this.rule));
  /** Somebody may be asked to choose, or to break a tie. */
  readonly hasChair = $derived(this.rule !== 'model-switch');
  /** Whom an instruction would reach under this rule. */
  readonly instructed = $derived.by((): readonly Instructed[] => {
    if (this.rule === 'borda' || this.rule === 'kemeny') return ['review'];
    return this.rule === 'chairman' || (this.rule === 'auto' && this.chairman !== null) ? ['chairman'] : [];
  });
  /** Whoever is asked to compare reads what the others said. */
  readonly sharesAnswers = $derived(this.instructed.length > 0);

  instruction(of: Instructed): string {
    return this.#own[of] ?? OUR_INSTRUCTIONS[of];
  }

  isOwn(of: Instructed): boolean {
    return this.#own[of] !== null;
  }

  /** @param text null, or our own: back to ours */
  instruct(of: Instructed, text: string | null): void {
    this.#own[of] = text === OUR_INSTRUCTIONS[of] ? null : text;
  }

  /** @param memberIds who sits on the council now: what was said of others does not hold */
  optionsFor(memberIds: readonly string[]): AskOptions {
    const { rule, samples, stop, chairman, counts, hasChair } = this;
    const weights = memberIds.flatMap((id) => {
      const weight = this.weights[id] ?? 1;
      return weight >= 0 && weight <= MOST_WEIGHT && weight !== 1 ? [[id, weight] as const] : [];
    });
    const written = this.instructed.flatMap((of) => {
      const text = this.#own[of];
      return text === null || text.trim() === '' ? [] : [[of, text] as const];
    });
    return {
      rule,
      samples,
      stop,
      ...(hasChair && chairman !== null && memberIds.includes(chairman) ? { chairman } : {}),
      ...(counts && weights.length > 0 ? { weights: Object.fromEntries(weights) } : {}),
      ...(written.length === 0 ? {} : { instructions: Object.fromEntries(written) }),
    };
  }
}
