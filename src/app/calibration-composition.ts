import { systemClock } from '#kernel/clock';
import type { ProbePort } from '#contracts/ports';
import type { ResponseCachePort } from '#contracts/response-cache';
import type { EvaluationWorkerApi } from '#contracts/evaluation-worker';
import { measuredMachineOf } from '../hardware/tier-visit.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { Patience, WorkerSupervisor } from '../platform/worker-supervisor.ts';
import { EVALUATION_RULES } from '../council/evaluation/evaluation-rules.ts';
import { CalibrationStore } from '../storage/calibration-store.ts';
import type { WitanDatabase } from '../storage/database.ts';
import { CalibrationService } from './calibration-service.ts';
import type { CouncilService } from './council-service.ts';
import { evaluateBeside } from './evaluate-beside.ts';
import type { StarterCatalogue } from './starter-catalogue.ts';

export interface CalibrationCompositionPorts {
  readonly supervisor: WorkerSupervisor;
  readonly catalogue: StarterCatalogue;
  readonly council: CouncilService;
  readonly device: ProbePort;
  readonly database: Promise<WitanDatabase | null>;
  /** Answers of before. */
  readonly answers: () => Promise<Pick<ResponseCachePort, 'clear'>>;
}

/** It computes at one go: 2.6 s for 1,200 questions with 15 answers each on two busy cores; a phone may be ten times slower. */
const PATIENCE: Patience = { silenceAllowedMs: 120_000 };

/** Builds what only those need who want to know how often their council is right. */
export function composeCalibration(ports: CalibrationCompositionPorts): CalibrationService {
  const { supervisor, catalogue, council, device, database, answers } = ports;
  const store = database.then((opened) => new CalibrationStore(opened));
  return new CalibrationService({
    clock: systemClock,
    catalogue,
    council,
    store: () => store,
    rules: EVALUATION_RULES,
    // What was decided by other accuracies may be decided otherwise now.
    onMeasured: () =>
      void answers().then(
        (kept) => kept.clear(),
        () => undefined,
      ),
    evaluate: evaluateBeside((name) =>
      supervisor.start<EvaluationWorkerApi>(name, WORKER_SCRIPTS.evaluation, PATIENCE),
    ),
    machine: async (signal) => {
      const probed = await device.probe(signal);
      // A machine that tells nothing of itself is one like any other that does not.
      return probed.ok ? measuredMachineOf(probed.value.profile) : '';
    },
  });
}
