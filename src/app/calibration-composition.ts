import { systemClock } from '#kernel/clock';
import type { ProbePort } from '#contracts/ports';
import { measuredMachineOf } from '../hardware/tier-visit.ts';
import { CalibrationStore } from '../storage/calibration-store.ts';
import type { WitanDatabase } from '../storage/database.ts';
import { CalibrationService } from './calibration-service.ts';
import type { CouncilService } from './council-service.ts';
import { EVALUATION_RULES } from './evaluation-rules.ts';
import type { StarterCatalogue } from './starter-catalogue.ts';

export interface CalibrationCompositionPorts {
  readonly catalogue: StarterCatalogue;
  readonly council: CouncilService;
  readonly device: ProbePort;
  readonly database: Promise<WitanDatabase | null>;
}

/** Builds what only those need who want to know how often their council is right. */
export function composeCalibration(ports: CalibrationCompositionPorts): CalibrationService {
  const { catalogue, council, device, database } = ports;
  const store = database.then((opened) => new CalibrationStore(opened));
  return new CalibrationService({
    clock: systemClock,
    catalogue,
    council,
    store: () => store,
    rules: EVALUATION_RULES,
    machine: async (signal) => {
      const probed = await device.probe(signal);
      // A machine that tells nothing of itself is one like any other that does not.
      return probed.ok ? measuredMachineOf(probed.value.profile) : '';
    },
  });
}
