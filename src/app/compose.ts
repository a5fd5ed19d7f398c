import { present } from '#kernel/assert';
import { delay, systemClock, type Clock } from '#kernel/clock';
import type { WitanPorts } from '#contracts/ports';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { TelemetryWorkerApi } from '#contracts/telemetry';
import { WorkerEngine } from '../engines/worker-engine.ts';
import { FrameClock, pageFrames } from '../platform/frame-clock.ts';
import { onVisibility, pageVisible } from '../platform/page-visibility.ts';
import { TabChannel } from '../platform/tab-channel.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { WitanDatabase } from '../storage/database.ts';
import type { MemoryRoom } from '../resources/memory-turns.ts';
import { boardMemory, MetricBoard } from '../telemetry/metric-board.ts';
import { Appointments } from './appointments.ts';
import { CouncilService } from './council-service.ts';
import { DeviceService } from './device-service.ts';
import { deferredPort } from './deferred-port.ts';
import { Disturbances } from './disturbances.ts';
import { lazily } from './lazily.ts';
import type { FurtherMembers } from './further-members.ts';
import { HistoryService } from './history-service.ts';
import { LazyBench } from './lazy-bench.ts';
import { lazyCalibration } from './lazy-calibration.ts';
import { lazySettings } from './lazy-settings.ts';
import { MonitorService } from './monitor-service.ts';
import { StarterCatalogue } from './starter-catalogue.ts';

/** A browser may leave `indexedDB.open` unanswered; answers must not wait for the history longer than this. */
const DATABASE_DEADLINE_MS = 3_000;

/** The database, or null where the browser keeps nothing (the stores then work in memory and say so). */
async function openDatabase(clock: Clock): Promise<WitanDatabase | null> {
  try {
    const { openWitanDatabase } = await import('../storage/database.ts');
    const opened = await Promise.race([
      openWitanDatabase({ onLost: () => undefined }),
      delay(clock, DATABASE_DEADLINE_MS),
    ]);
    return opened?.ok === true ? opened.value : null;
  } catch {
    return null; // Its code could not be fetched.
  }
}

/** Builds and wires the whole app. The result is `window.witan`. */
export function compose(version: string): WitanPorts {
  const clock = systemClock;
  const board = new MetricBoard(boardMemory(crossOriginIsolated));
  const frames = new FrameClock(pageFrames(), board);
  const supervisor = new WorkerSupervisor(clock, {
    onFault: () => {
      board.add('errors', 1);
    },
    onLost: () => {
      board.add('errors', 1);
    },
  });
  const database = openDatabase(clock);
  const deliberations = lazily(async () => {
    const { DeliberationStore } = await import('../storage/deliberation-store.ts');
    return new DeliberationStore(await database);
  });
  const historyChannel = new TabChannel('witan.history');
  const history = new HistoryService(deliberations, historyChannel, async (store, id) =>
    (await responses()).forgetRecord(store, id),
  );
  const responses = lazily(async () =>
    (await import('./response-composition.ts')).composeResponses({
      clock,
      metrics: board,
      database,
      emit: (event) => {
        council.announce(event);
      },
    }),
  );
  const catalogue = new StarterCatalogue(document.baseURI);
  const device = new DeviceService({
    clock,
    refreshIntervalMs: () => (frames.refreshMeasured ? frames.refreshIntervalMs : null),
    store: lazily(async () => {
      const { DeviceStore } = await import('../storage/device-store.ts');
      return new DeviceStore(await database);
    }),
    microBench: async (signal, onProgress) =>
      (await import('./micro-composition.ts')).microBench(supervisor, council).run(signal, onProgress),
  });
  const models = lazily(async () =>
    (await import('./models-composition.ts')).composeModels({
      supervisor,
      device,
      baseUrl: document.baseURI,
      chosen: settings.chosen,
      onTransfer: (busy) => {
        disturbances.set('transfer', busy);
      },
      answers: () => responses(),
    }),
  );
  const disturbances = new Disturbances(clock);
  disturbances.set('hidden', !pageVisible());
  onVisibility((visible) => {
    disturbances.set('hidden', !visible);
  });
  const threads = (): number => (crossOriginIsolated ? navigator.hardwareConcurrency : 1);
  const capacity = lazily(async () =>
    (await import('./capacity-composition.ts')).composeCapacity({
      supervisor,
      device,
      council,
      calibration: () => calibration,
      models,
      database,
      threads,
      baseUrl: document.baseURI,
    }),
  );
  const settings = lazySettings({
    clock,
    supervisor,
    device,
    database,
    models,
    reappoint: (signal) => council.reappoint(signal),
    metrics: board,
    council: () => council,
    baseUrl: document.baseURI,
  });
  let testLimit: MemoryRoom | null = null;
  const memory = lazily(async () =>
    (await import('./memory-composition.ts')).composeMemory(device, () => testLimit),
  );
  let furtherMembers: FurtherMembers | null = null;
  const appointments = new Appointments({
    chosen: settings.chosen,
    further: async () => (furtherMembers ??= await settings.furtherMembers()),
    urlOf: (file) => catalogue.urlOf(file),
    threads,
  });
  const measuredRounds = lazily(async () => {
    const { MeasuredRounds } = await import('./measured-rounds.ts');
    return new MeasuredRounds({ calibration, members: () => council.members() });
  });
  const council: CouncilService = new CouncilService({
    rounds: async () => (await measuredRounds()).rounds(),
    dispatch: async () => {
      const { composeDispatch } = await import('./dispatch-composition.ts');
      const room = async (): Promise<MemoryRoom> => (await memory()).room();
      return composeDispatch(clock, board, room, navigator.hardwareConcurrency);
    },
    memoryTurns: async () => (await memory()).turns,
    tier: () => device.tier,
    clock,
    metrics: board,
    catalogue,
    launch: (memberId, onLost, rung) => {
      // The code of all but the bundled models comes with their members.
      if (rung.engine !== 'wllama' || rung.load.model.format !== 'gguf')
        return present(furtherMembers, 'the further members').launch(memberId, onLost, rung);
      const worker = supervisor.start<InferenceWorkerApi>(memberId, WORKER_SCRIPTS.wllama);
      worker.onLost((reason) => {
        if (reason.code !== 'cancelled') onLost(reason);
      });
      return new WorkerEngine('wllama', worker, clock);
    },
    marks: {
      begin: (memberId, rungId) => furtherMembers?.marker.begin(memberId, rungId) ?? (() => undefined),
    },
    appointment: (signal, about) => appointments.members(signal, about),
    watchFrames: () => {
      const mark = frames.mark();
      return () => frames.summarySince(mark);
    },
    keep: (record) => {
      // Nobody was asked: nothing was predicted.
      if (record.cached === undefined) {
        const circumstances = {
          disturbed: disturbances.within(record.wallMs),
          loaded: council.manager.furtherLoaded(),
        };
        import('./note-prediction.ts').then(
          ({ notePrediction }) => notePrediction(database, capacity, record, circumstances),
          () => undefined, // the history of predictions is one entry shorter
        );
      }
      return history.keep(record);
    },
    responses,
    onBusy: (busy) => {
      monitor.setBusy(busy);
    },
  });
  const monitor = new MonitorService({
    clock,
    frames,
    board,
    startWorker: (name) => supervisor.start<TelemetryWorkerApi>(name, WORKER_SCRIPTS.telemetry),
    applyPacing: (pacing) => {
      disturbances.set('paced', pacing.decodeDelayMs > 0);
      council.manager.setPacing(pacing);
    },
    visible: pageVisible,
    onVisibility,
  });
  const bench = new LazyBench({
    clock,
    appVersion: version,
    council,
    device,
    database,
    pageUrl: () => location.href.replace(/#.*$/s, ''),
    visible: pageVisible,
    onVisibility,
  });
  const calibration = lazyCalibration(database, async () =>
    (await import('./calibration-composition.ts')).composeCalibration({
      supervisor,
      catalogue,
      council,
      device,
      database,
      answers: responses,
    }),
  );
  const conversations = lazily(async () =>
    (await import('./conversation-composition.ts')).composeConversations({
      clock,
      appVersion: version,
      ask: (signal, prompt, options) => council.ask(signal, prompt, options),
      members: (signal) => council.appointed(signal),
      database,
      deliberations,
      historyChanged: () => {
        historyChannel.announce();
      },
    }),
  );
  return {
    version,
    council,
    members: deferredPort(async () => {
      const { MemberService } = await import('./member-service.ts');
      return new MemberService(council);
    }),
    history,
    conversations,
    device,
    capacity,
    monitor,
    bench,
    settings: settings.port,
    models,
    responses,
    evaluation: calibration,
    calibration,
    evidence: lazily(async () => {
      const { EvidenceService } = await import('./evidence-service.ts');
      return new EvidenceService(calibration);
    }),
    test: {
      burnPerFrame: (burnMs) => {
        frames.burnPerFrame(burnMs);
      },
      limitMemory: (bytes) => {
        testLimit = bytes;
      },
    },
  };
}
