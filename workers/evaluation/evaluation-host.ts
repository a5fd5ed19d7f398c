import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import type { EvaluationTask, EvaluationWorkerApi } from '#contracts/evaluation-worker';
import { evaluate } from '../../src/council/evaluation/evaluate.ts';
import { EVALUATION_RULES } from '../../src/council/evaluation/evaluation-rules.ts';

/** Replays rules on records: ten thousand resamples of each pair are seconds of computing. */
export class EvaluationHost implements EvaluationWorkerApi {
  evaluate({ head, ballots, wallMs, at }: EvaluationTask): Promise<Outcome<EvalReport>> {
    return Promise.resolve(ok(evaluate({ head, ballots }, { rules: EVALUATION_RULES, wallMs, at })));
  }
}
