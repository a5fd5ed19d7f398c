import type { Clock } from '#kernel/clock';
import type { SpeedMeasurement, SpeedProgress } from '#contracts/capacity';
import type { Outcome } from '#contracts/errors';
import type { HardwareProfile } from '#contracts/hardware';
import { SpeedSuite } from '../bench/speed-suite.ts';
import { VisibilityLog } from '../bench/visibility-log.ts';
import {
  CALIBRATION,
  CALIBRATION_ANSWER_TOKENS,
  CALIBRATION_WARM_UP_MS,
  calibrationContext,
} from '../capacity/calibration.ts';
import { openSpeedModel, type SpeedModelPorts } from './speed-models.ts';

export interface CapacityMeasurePorts extends SpeedModelPorts {
  readonly clock: Clock;
  readonly visible: () => boolean;
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
  /** CPU threads that a member may use. */
  readonly threads: () => number;
  readonly userAgent: string;
}

/** Where wllama would run a model here: on a real card with half precision, for which it must be able to wait, else on the CPU. */
export function speedBackend({ adapters: [first], features }: HardwareProfile): 'cpu' | 'webgpu' {
  const card = first !== undefined && !first.fallback && first.features.includes('shader-f16');
  return card && features.jspi ? 'webgpu' : 'cpu';
}

/** Runs small models of random weights on one backend. Errors: those of `SpeedSuite.run`. */
export async function measureSpeed(
  ports: CapacityMeasurePorts,
  backend: 'cpu' | 'webgpu',
  signal: AbortSignal,
  onProgress: (progress: SpeedProgress) => void,
): Promise<Outcome<SpeedMeasurement>> {
  const { clock, visible, onVisibility, userAgent } = ports;
  const visibility = new VisibilityLog(clock, !visible());
  const forget = onVisibility((now) => {
    visibility.note(!now);
  });
  const placement = { backend, threads: ports.threads(), contextTokens: calibrationContext };
  const suite = new SpeedSuite(
    CALIBRATION,
    {
      clock,
      visibility,
      userAgent,
      answerTokens: CALIBRATION_ANSWER_TOKENS,
      firstWarmUpMs: CALIBRATION_WARM_UP_MS,
      open: (within, task, onPhase) => openSpeedModel(ports, placement, within, task, onPhase),
    },
    onProgress,
  );
  try {
    return await suite.run(signal);
  } finally {
    forget();
  }
}
