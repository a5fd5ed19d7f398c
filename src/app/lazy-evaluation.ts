import type { Outcome } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import type { EvaluationPort } from '#contracts/ports';
import type { EvaluationServicePorts } from './evaluation-service.ts';

/** The evaluation port whose code is fetched with its first use. */
export class LazyEvaluation implements EvaluationPort {
  readonly #ports: EvaluationServicePorts;

  constructor(ports: EvaluationServicePorts) {
    this.#ports = ports;
  }

  async run(
    signal: AbortSignal,
    options: { readonly questions: number; readonly split: 'dev' | 'test'; readonly seed: number },
    onProgress: (done: number, total: number) => void,
  ): Promise<Outcome<EvalReport>> {
    const { EvaluationService } = await import('./evaluation-service.ts');
    return new EvaluationService(this.#ports).run(signal, options, onProgress);
  }
}
