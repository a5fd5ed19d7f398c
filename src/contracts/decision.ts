/** What a controller wants changed and why. Deciding is apart from doing: `resources` carries it out. */
export type Lever = 'stream-flush' | 'decode-pacing';

export interface Decision {
  /** Milliseconds on the page's clock. */
  readonly atMs: number;
  readonly lever: Lever;
  /** Steps on the ladder, 0 is full quality. */
  readonly fromLevel: number;
  readonly toLevel: number;
  /** Values before and after, in the lever's unit (ms). */
  readonly from: number;
  readonly to: number;
  /** resumed: members think again soon after a round that needed this; frozen: raising it again would only hunt. */
  readonly reason: 'over-budget' | 'recovered' | 'resumed' | 'frozen-after-flip-flops' | 'forced' | 'idle';
  /** The evidence: frame interval and budget, milliseconds. */
  readonly frameMs: number;
  readonly budgetMs: number;
}

/** What the page shows of the quality scaler. */
export interface QualityView {
  readonly enabled: boolean;
  readonly level: number;
  readonly levels: number;
  readonly label: string;
  readonly flushIntervalMs: number;
  readonly decodeDelayMs: number;
  /** Smoothed frame interval and its budget, milliseconds. */
  readonly frameMs: number;
  readonly budgetMs: number;
  readonly decisions: readonly Decision[];
}
