import type { RecordedBallot, RecordHead } from './calibration.ts';
import type { Outcome } from './errors.ts';
import type { EvalReport } from './evaluation.ts';

/** What is replayed, and what the report says of itself. */
export interface EvaluationTask {
  readonly head: RecordHead;
  readonly ballots: readonly RecordedBallot[];
  /** Milliseconds that asking took. */
  readonly wallMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Control plane of the worker that replays rules on records (over comlink). */
export interface EvaluationWorkerApi {
  evaluate(task: EvaluationTask): Promise<Outcome<EvalReport>>;
}
