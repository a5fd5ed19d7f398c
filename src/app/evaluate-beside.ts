import { err } from '#kernel/result';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import type { EvaluationTask, EvaluationWorkerApi } from '#contracts/evaluation-worker';
import type { WorkerFactory, WorkerHandle } from '#contracts/worker-handle';

/** Makes a report in a worker of its own, which ends with it: what it says is asked for seldom. */
export function evaluateBeside(
  start: WorkerFactory<EvaluationWorkerApi>,
): (task: EvaluationTask) => Promise<Outcome<EvalReport>> {
  return async (task) => {
    let worker: WorkerHandle<EvaluationWorkerApi>;
    try {
      worker = start('evaluation');
    } catch (thrown) {
      return err(failureOf(thrown)); // where a browser starts no further worker
    }
    const report = await worker.call(null, (api) => api.evaluate(task));
    worker.terminate(failure('cancelled'));
    return report;
  };
}
