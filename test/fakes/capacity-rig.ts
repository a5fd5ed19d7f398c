import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import type { GenericSchema, InferOutput } from 'valibot';
import { WebLlmCatalogueSchema } from '#contracts/catalogue';
import { CouncilCatalogueSchema } from '#contracts/council-catalogue';
import { failure } from '#contracts/errors';
import { GgufCatalogueSchema } from '#contracts/gguf-catalogue';
import type { HardwareProfile } from '#contracts/hardware';
import { StarterCouncilSchema } from '#contracts/starter';
import { CapacityService, type CapacityServicePorts } from '../../src/app/capacity-service.ts';
import { classifyTier, probeReport } from '../../src/hardware/tier.ts';
import { PredictionStore } from '../../src/storage/prediction-store.ts';
import { SpeedMeasurementStore } from '../../src/storage/speed-measurement-store.ts';
import { AGENTS, profile } from './hardware-profiles.ts';
import { SpeedWorkers } from './speed-workers.ts';
import { VirtualClock } from './virtual-clock.ts';

const shipped = <S extends GenericSchema>(schema: S, path: string): InferOutput<S> =>
  v.parse(schema, JSON.parse(readFileSync(`public/${path}`, 'utf8')));

/** The catalogue as it is shipped. */
export const SHIPPED = {
  gguf: shipped(GgufCatalogueSchema, 'catalogue/gguf.json'),
  webLlm: shipped(WebLlmCatalogueSchema, 'catalogue/web-llm.json'),
  councils: shipped(CouncilCatalogueSchema, 'catalogue/councils.json'),
  starter: shipped(StarterCouncilSchema, 'starter/council.json'),
};

/** Llama 3.2 1B in that catalogue. */
export const LLAMA_ID = 'llama-3.2-1b-instruct-q4-k-m';

/** A laptop of 8 GiB without a card. */
export const LAPTOP: HardwareProfile = profile({
  deviceMemoryGiB: 8,
  cores: 4,
  isolated: true,
  userAgent: AGENTS.chromeWindows,
  features: { ...profile({}).features, jspi: true },
});

export interface CapacityRig {
  readonly service: CapacityService;
  readonly workers: SpeedWorkers;
  readonly speeds: SpeedMeasurementStore;
  readonly predictions: PredictionStore;
}

/** The service on the shipped catalogue, with an empty store and a device that was not measured. */
export function capacityRig(
  change: Partial<CapacityServicePorts> = {},
  device: HardwareProfile = LAPTOP,
): CapacityRig {
  const workers = new SpeedWorkers();
  const speeds = new SpeedMeasurementStore(null);
  const predictions = new PredictionStore(null);
  const service = new CapacityService({
    clock: new VirtualClock(),
    device: { probe: () => Promise.resolve(ok(probeReport(device, classifyTier(device)))) },
    catalogue: {
      gguf: () => Promise.resolve(ok(SHIPPED.gguf)),
      webLlm: () => Promise.resolve(ok(SHIPPED.webLlm)),
      councils: () => Promise.resolve(ok(SHIPPED.councils)),
    },
    models: () =>
      Promise.resolve({
        list: () => Promise.resolve(ok([])),
        inspect: (id: string) => Promise.resolve(err(failure('member-unknown', { member: id }))),
      }),
    starter: () => Promise.resolve(ok(SHIPPED.starter)),
    calibration: () => ({ latest: () => Promise.resolve(ok(null)) }),
    seated: () => [],
    exclusively: (_signal, task) => task(),
    speeds: Promise.resolve(speeds),
    predictions: Promise.resolve(predictions),
    webLlmSpeeds: {
      held: () => Promise.resolve(new Map()),
      measure: (_signal, id) => Promise.resolve(err(failure('member-unknown', { member: id }))),
    },
    startBuilder: () => workers.builder(),
    startEngine: () => workers.engine(),
    visible: () => true,
    onVisibility: () => () => undefined,
    threads: () => 2,
    userAgent: AGENTS.chromeWindows,
    ...change,
  });
  return { service, workers, speeds, predictions };
}
