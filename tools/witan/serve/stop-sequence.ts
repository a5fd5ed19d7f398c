/** Ends a text before the first of some sequences, also where one is cut in two by the stream. */
export class StopSequence {
  readonly #sequences: readonly string[];
  #held = '';
  #stopped = false;

  /** @param sequences none of them empty */
  constructor(sequences: readonly string[]) {
    this.#sequences = sequences;
  }

  /** True once a sequence has come. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** @returns what of the text so far surely belongs to the answer; the beginning of a sequence is held back */
  take(piece: string): string {
    if (this.#stopped) return '';
    const text = this.#held + piece;
    const start = this.#firstIn(text);
    if (start !== null) {
      this.#stopped = true;
      this.#held = '';
      return text.slice(0, start);
    }
    const keep = text.length - this.#openLength(text);
    this.#held = text.slice(keep);
    return text.slice(0, keep);
  }

  /** @returns what was held back in vain; the text is over */
  rest(): string {
    const text = this.#held;
    this.#held = '';
    return text;
  }

  /** Where the sequence begins that is whole first; of two that end together, the longer. However the text was cut. */
  #firstIn(text: string): number | null {
    let first: { readonly start: number; readonly end: number } | null = null;
    for (const sequence of this.#sequences) {
      const start = text.indexOf(sequence);
      const end = start + sequence.length;
      if (start < 0 || (first !== null && (end > first.end || (end === first.end && start > first.start))))
        continue;
      first = { start, end };
    }
    return first?.start ?? null;
  }

  /** Length of the longest end of `text` that a sequence could begin with. */
  #openLength(text: string): number {
    const longest = Math.max(0, ...this.#sequences.map(({ length }) => length - 1));
    for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
      const end = text.slice(-length);
      if (this.#sequences.some((sequence) => sequence.startsWith(end))) return length;
    }
    return 0;
  }
}
