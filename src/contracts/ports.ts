import type { AskOptions, Deliberation, FrameSummary } from './deliberation.ts';
import type { BenchComparison, BenchProgress, BenchResult } from './bench.ts';
import type { ConversationPort } from './conversation-port.ts';
import type { Calibration, EvaluationOptions, KeptRecord, Split } from './calibration.ts';
import type { CouncilEvent, MemberView } from './council.ts';
import type { EvalReport } from './evaluation.ts';
import type { EvidencePort, MeasuredAgreement, UNMEASURED } from './evidence.ts';
import type { GenerateRequest, Generation, TokenChunk } from './engine.ts';
import type { Outcome } from './errors.ts';
import type { PredictionRecord, PredictReport, SpeedMeasurement, SpeedProgress } from './capacity.ts';
import type { ModelMeasurement, ModelMeasureProgress } from './model-measurement.ts';
import type { MicroProgress } from './micro-bench.ts';
import type { CapacityPlan, Goal, WhatIf } from './plan.ts';
import type { Compute } from './leases.ts';
import type { ResponseCachePort } from './response-cache.ts';
import type { ScalabilityReport } from './scalability.ts';
import type { HistoryPoint } from './telemetry.ts';
import type { MetricSample } from './metrics.ts';
import type { ProbeReport, Tier } from './hardware.ts';
import type { QualityView } from './decision.ts';
import type { ModelsPort } from './models.ts';
import type { ModelOffers } from './model-offer.ts';
import type { MemberChoice, Settings } from './settings.ts';
import type { RemoteEndpoint, RemoteHealth, RemoteMember, RemoteModel } from './remote.ts';
import type { StarterCouncil } from './starter.ts';

/** Stops a subscription. */
export type Unsubscribe = () => void;

export interface CouncilPort {
  /** What is known of the bundled council; fetched once. */
  about(signal: AbortSignal): Promise<Outcome<StarterCouncil>>;
  members(): readonly MemberView[];
  /** Longest question in characters; may change once the models are known. Without it the page shows no count. */
  promptLimit?(): number;
  /**
   * Loads every member on this device that is not loaded; no server is called. Resolves when at least one is ready and all
   * have settled.
   */
  prepare(signal: AbortSignal): Promise<Outcome<readonly MemberView[]>>;
  /** Asks all members at once. Loads them first when needed. */
  ask(signal: AbortSignal, prompt: string, options?: AskOptions): Promise<Outcome<Deliberation>>;
  /** Stops the running round, or one member's part in it. */
  stop(memberId?: string): void;
  /** Replaces the worker of a member that failed. */
  restart(memberId: string): Promise<Outcome<MemberView>>;
  /** Loads a member with the user's yes to the download that it needs. */
  download(memberId: string): Promise<Outcome<MemberView>>;
  subscribe(listener: (event: CouncilEvent) => void): Unsubscribe;
}

/** What a request may carry besides its question that not every member can be given. */
export type RequestExtra = 'system' | 'history';

export interface MemberAskOptions {
  /** Yes to a member on a server: what is asked leaves the device. Absent: it is not asked. */
  readonly allowRemote?: boolean;
  /** What may be left out where the member cannot be given it; else that is refused. */
  readonly leaveOut?: readonly RequestExtra[];
}

export interface MemberAnswer {
  readonly generation: Generation;
  /** What the member was not given. */
  readonly leftOut: readonly RequestExtra[];
}

/** One member asked past the council, for programs: no vote, no record, no deadline but the signal's. */
export interface MemberPort {
  /**
   * Streams one member's answer to the request as it stands; loads the member first when needed, and waits for a running
   * round. On abort the text so far comes back with finish 'cancelled'.
   * Errors: member-unknown, consent-required (it is on a server), request-unsupported (it reads bare questions only),
   * council-unavailable (with the `cause` for which it cannot be asked), cancelled (before it began), those of
   * `Engine.generate`.
   */
  generate(
    signal: AbortSignal,
    memberId: string,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
    options?: MemberAskOptions,
  ): Promise<Outcome<MemberAnswer>>;
}

export interface HistoryPort {
  /** False where the browser keeps nothing (private modes): the list then lives as long as the tab. */
  persistent(): Promise<boolean>;
  /** Newest first. Records of other tabs appear too. */
  list(limit: number): Promise<Outcome<readonly Deliberation[]>>;
  get(id: string): Promise<Outcome<Deliberation>>;
  rate(id: string, rating: 'good' | 'bad'): Promise<Outcome<Deliberation>>;
  remove(id: string): Promise<Outcome<null>>;
  /** Called when the list changed, in this tab or another. */
  subscribe(listener: () => void): Unsubscribe;
}

/**
 * absent: this browser has none · not-allowed: it has one, which was not touched · the rest as the browser says
 * (Prompt API, `availability()`).
 */
export type BuiltInState =
  'absent' | 'not-allowed' | 'unavailable' | 'downloadable' | 'downloading' | 'available';

export interface SettingsPort {
  /** Errors: record-invalid (nothing is overwritten), storage-failed. */
  read(): Promise<Outcome<Settings>>;
  /**
   * Makes these the council, after a running round; null: the one that comes with the app. Loads nothing.
   * Errors: record-invalid, storage-failed (it then holds in this tab alone), cancelled, and those of the catalogue.
   */
  choose(signal: AbortSignal, members: readonly MemberChoice[] | null): Promise<Outcome<null>>;
  /** The user's answer to the browser's own model; a no also takes it out of the council. */
  allowBuiltIn(signal: AbortSignal, allowed: boolean): Promise<Outcome<null>>;
  /** What there is of the browser's own model. Before the user has allowed it, it is looked at and never called. */
  builtIn(signal: AbortSignal): Promise<Outcome<BuiltInState>>;
  /** What of the catalogue this device can run. Errors: those of the catalogue and of the probe. */
  offers(signal: AbortSignal): Promise<Outcome<ModelOffers>>;
  /**
   * Deletes a model's files from this device, and takes it out of the council.
   * Errors: member-unknown, storage-failed, and those of `choose`.
   */
  removeFiles(signal: AbortSignal, modelId: string): Promise<Outcome<null>>;
  /** The servers of the user's; its code is fetched with the first call. */
  remote(): Promise<RemotePort>;
  /** Called when the settings changed in this tab. */
  subscribe(listener: () => void): Unsubscribe;
}

export interface ProbePort {
  /** Reads what the browser tells; what was measured here before counts too, and what the user said of the tier. */
  probe(signal: AbortSignal): Promise<Outcome<ProbeReport>>;
}

export interface DevicePort extends ProbePort {
  /**
   * Measures the device itself, in workers, in some ten seconds, and keeps what it found. Errors: benchmark-void (the page
   * was hidden too often), queue-full (it is being measured), cancelled, worker-lost.
   */
  measure(signal: AbortSignal, onProgress: (progress: MicroProgress) => void): Promise<Outcome<ProbeReport>>;
  /** The user's own word on the tier; null: what is read and measured counts again. Errors: storage-failed. */
  setTier(tier: Tier | null): Promise<Outcome<null>>;
}

/** What this device can run, how fast, and the council that fits it. Its code is fetched with the first call. */
export interface CapacityPort {
  /** The newest measurement of this device with models of random weights; null before the first. */
  measurement(): Promise<Outcome<SpeedMeasurement | null>>;
  /**
   * Builds small models of random weights, runs them, and keeps how fast they were: half a minute at most.
   * Errors: benchmark-void (the page was hidden too often), queue-full (it is being measured), cancelled, out-of-memory,
   * worker-lost, and those of `Engine.load`.
   */
  measure(
    signal: AbortSignal,
    onProgress: (progress: SpeedProgress) => void,
  ): Promise<Outcome<SpeedMeasurement>>;
  /**
   * Runs a model of web-llm's catalogue without its weights: fetches its compiled library, which is a few MB, puts random
   * weights in the place of its own, and keeps how fast it was. The call is the user's yes to that download; what is known
   * before to be in vain fetches nothing.
   * Errors: member-unknown (web-llm's catalogue does not have it), engine-unavailable (no graphics card), feature-missing,
   * out-of-memory, model-fetch-failed (offline, for one; `too-long`: no library has as many bytes), model-invalid,
   * engine-incompatible (a library of another generation), request-unsupported (no such model can be built), and those of
   * `measure`.
   */
  measureModel(
    signal: AbortSignal,
    modelId: string,
    onProgress: (progress: ModelMeasureProgress) => void,
  ): Promise<Outcome<ModelMeasurement>>;
  /**
   * What these models, or all that are known, would do here. Measures nothing. Errors: those of the catalogue and of the
   * probe; member-unknown.
   */
  predict(signal: AbortSignal, modelIds: readonly string[] | null): Promise<Outcome<PredictReport>>;
  /** Errors: those of `predict`. A plan that cannot be made is one that says so. */
  plan(signal: AbortSignal, goal: Goal, whatIf?: WhatIf): Promise<Outcome<CapacityPlan>>;
  /** Errors: those of `predict`. */
  scalability(signal: AbortSignal, goal: Goal, whatIf?: WhatIf): Promise<Outcome<ScalabilityReport>>;
  /** How right the predictions were. Errors: storage-failed. */
  record(): Promise<Outcome<PredictionRecord>>;
}

export interface MonitorPort {
  /** Samples since `sinceMs` (epoch). */
  recent(sinceMs: number): Promise<readonly MetricSample[]>;
  history(fromMs: number, toMs: number, maxPoints: number): Promise<Outcome<readonly HistoryPoint[]>>;
  stats(): Promise<{
    samples: number;
    missedTicks: number;
    chunksWritten: number;
    persistent: boolean;
    meanTickUs: number;
  }>;
  quality(): QualityView;
  /** Turns the quality scaler on or off; off restores full quality. */
  setQualityEnabled(enabled: boolean): void;
  /** Frame intervals since the page started or since `mark`, and a new mark. */
  frames(mark?: number): {
    readonly mark: number;
    readonly summary: FrameSummary;
    readonly refreshIntervalMs: number;
  };
}

export interface BenchPort {
  runQuick(signal: AbortSignal, onProgress: (progress: BenchProgress) => void): Promise<Outcome<BenchResult>>;
  /** The newest result measured on this device, if any. */
  latest(): Promise<Outcome<BenchResult | null>>;
  /** The whole URL that holds this result in its fragment. */
  link(result: BenchResult): Promise<Outcome<string>>;
  /** Decodes a whole URL or just its fragment. */
  open(link: string): Promise<Outcome<BenchResult>>;
  compare(theirs: BenchResult, ours: BenchResult): readonly BenchComparison[];
}

export interface EvaluationPort {
  /**
   * Asks every member on this device every question to the end, keeps the answers, and replays the rules on them. What an
   * earlier run of the same kind was answered is not asked again.
   * Errors: usage; question-set-invalid (with the line, for own questions); council-unavailable; cancelled; worker-lost and
   * the like (a member that fails ends the run); those of loading. What was answered before is kept, and the failure names
   * it: `record`.
   */
  run(
    signal: AbortSignal,
    options: EvaluationOptions,
    onProgress: (done: number, total: number) => void,
  ): Promise<Outcome<EvalReport>>;
}

/** What is known of the members of this device from their answers to questions. Its code is fetched with the first call. */
export interface CalibrationPort extends EvaluationPort {
  /** Newest first. Errors: storage-failed. */
  records(): Promise<Outcome<readonly KeptRecord[]>>;
  /** The report of a kept record, nobody being asked. Errors: record-invalid (no such record), storage-failed. */
  replay(recordId: string): Promise<Outcome<EvalReport>>;
  /**
   * What the newest run on this device found, of these questions or of any, and of so many at least; null before the first.
   * Errors: storage-failed.
   */
  latest(split?: Split, leastQuestions?: number): Promise<Outcome<Calibration | null>>;
  /** How many questions come with the app. Errors: model-fetch-failed, question-set-invalid, cancelled. */
  bundledQuestions(signal: AbortSignal, split: 'dev' | 'test'): Promise<Outcome<number>>;
  /**
   * How often members that were heard in this round were right when they agreed, and when they did not, in the newest run
   * that had them all as they are now; or why that is not known.
   */
  agreement(record: Deliberation): Promise<MeasuredAgreement | (typeof UNMEASURED)[number]>;
  /** How many questions of the user's own a text holds. Errors: question-set-invalid. */
  countQuestions(text: string): Promise<Outcome<number>>;
  /** The record as JSON lines. Errors: record-invalid (no such record), storage-failed. */
  exportRecord(recordId: string): Promise<Outcome<string>>;
  /**
   * Takes in what `exportRecord` wrote. A record of this device joins what is kept of it; one of another device is kept
   * beside, under an id of its own, and decides nothing here.
   * Errors: record-invalid with the line; storage-failed.
   */
  importRecord(text: string): Promise<Outcome<KeptRecord>>;
  /** Errors: storage-failed. */
  remove(recordId: string): Promise<Outcome<null>>;
}

/**
 * none: there is no key, or none for this address · memory: until the tab closes · kept: also on this device, encrypted ·
 * locked: the server wants a key, and the kept ones wait for their passphrase.
 */
export type KeyState = 'none' | 'memory' | 'kept' | 'locked';

/** Members on servers of the user's. Keys go in here and never come out again. */
export interface RemotePort {
  /** Errors: record-invalid, storage-failed. */
  endpoints(): Promise<Outcome<readonly RemoteEndpoint[]>>;
  /** Adds or replaces. Errors: record-invalid; storage-failed: it then holds in this tab alone. */
  saveEndpoint(endpoint: RemoteEndpoint): Promise<Outcome<null>>;
  /** With its key. Errors: usage with reason `in-use`, or `locked` (its kept key is out of reach); storage-failed. */
  removeEndpoint(id: string): Promise<Outcome<null>>;
  /** Errors: record-invalid, storage-failed. */
  members(): Promise<Outcome<readonly RemoteMember[]>>;
  /** Adds or replaces. Errors: record-invalid; storage-failed: it then holds in this tab alone. */
  save(member: RemoteMember): Promise<Outcome<null>>;
  remove(id: string): Promise<Outcome<null>>;
  /**
   * Takes a key for a saved server, or forgets it at once everywhere. It is in memory only unless `keep`, which needs
   * `unlock` before.
   * Errors: usage (no header can carry it; reason `locked`), storage-unavailable, storage-failed, record-invalid.
   */
  setKey(endpointId: string, key: string | null, keep: boolean): Promise<Outcome<null>>;
  keyState(endpointId: string): Promise<KeyState>;
  /**
   * Opens the kept keys, or names the passphrase under which keys will be kept.
   * Errors: record-invalid with reason `passphrase`, usage, storage-unavailable, storage-failed.
   */
  unlock(passphrase: string): Promise<Outcome<null>>;
  /** Throws the kept keys away, also without their passphrase. Errors: storage-failed. */
  forgetKept(): Promise<Outcome<null>>;
  /** Asks a server whether it is well; it need not be saved. Errors: remote-*, cancelled, worker-lost. */
  check(signal: AbortSignal, endpoint: RemoteEndpoint): Promise<Outcome<RemoteHealth>>;
  /** Null when the server is well but has no list. Errors: remote-*, cancelled, worker-lost. */
  listModels(signal: AbortSignal, endpoint: RemoteEndpoint): Promise<Outcome<readonly RemoteModel[] | null>>;
}

/** Hooks for tests and benchmarks. They do what they say to the real page; they fake nothing. */
export interface TestPort {
  /** Busy-waits this many ms in every frame from now on; 0 ends it. */
  burnPerFrame(burnMs: number): void;
  /** From the next question on models share this much memory, bytes; null: what the device has. */
  limitMemory(bytes: Readonly<Record<Compute, number>> | null): void;
}

/** `window.witan`: the typed ports of the app (feature A7). The headless driver uses exactly these. */
export interface WitanPorts {
  readonly version: string;
  readonly council: CouncilPort;
  /** Its code is fetched with the first call. */
  readonly members: MemberPort;
  readonly history: HistoryPort;
  readonly device: DevicePort;
  /** Its code is fetched with the first call. */
  readonly capacity: () => Promise<CapacityPort>;
  readonly monitor: MonitorPort;
  readonly bench: BenchPort;
  readonly settings: SettingsPort;
  /** The model store; its code is fetched with the first call. */
  readonly models: () => Promise<ModelsPort>;
  readonly evaluation: EvaluationPort;
  /** Its code is fetched with the first call. */
  readonly conversations: () => Promise<ConversationPort>;
  /** Answers of before; its code is fetched with the first question. */
  readonly responses: () => Promise<ResponseCachePort>;
  readonly calibration: CalibrationPort;
  /** What an answer rests on; its code is fetched with the first call. */
  readonly evidence: () => Promise<EvidencePort>;
  readonly test: TestPort;
}

declare global {
  interface Window {
    witan?: WitanPorts;
  }
}
