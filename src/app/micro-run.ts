import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import {
  MICRO_NAMES,
  type MicroName,
  type MicroProgress,
  type MicroReading,
  type MicroReport,
  type MicroSample,
} from '#contracts/micro-bench';
import { RepeatedFigure, skipReasonOf, type SkipReason } from '../hardware/micro/repeated-figure.ts';
import { measureInTurn, type Station } from '../hardware/micro/schedule.ts';
import { isOfAll, type MicroCrew, type ReadyPart } from './micro-crew.ts';
import type { MicroVisible } from './micro-visible.ts';

/** What a measurement may use. */
export interface MicroMeans {
  /** Threads that may compute at the same time: cores, of which not all may be usable. */
  readonly threads: number;
  readonly hasWebGpu: boolean;
  /** Measures software adapters, too: for tests of the kernels. */
  readonly allowFallback?: boolean;
}

/** Under ten seconds in all, with what comes after the last visit has begun. */
const IN_TURN_UNTIL_MS = 7_500;
/** The memory of the graphics card comes last, alone: it takes what there is. */
const ALL_UNTIL_MS = 8_500;

const GPU_NAMES = MICRO_NAMES.filter((name) => name.startsWith('gpu') && name !== 'gpuMemoryMiB');
const WASM_NAMES = MICRO_NAMES.filter((name) => name.startsWith('wasm'));
const STORAGE_NAMES = MICRO_NAMES.filter((name) => name.startsWith('storage'));

type PartPlan = readonly [readonly MicroName[], () => Promise<Outcome<ReadyPart>>];

export interface Measured {
  readonly figures: MicroReport['figures'];
  readonly skipped: MicroReport['skipped'];
  readonly conditions: Omit<MicroReport['conditions'], 'isolated' | 'userAgent'>;
}

/** One measurement, from the first worker to the last. One instance runs once. */
export class MicroRun {
  readonly #means: MicroMeans;
  readonly #crew: MicroCrew;
  readonly #visible: MicroVisible;
  readonly #onProgress: (progress: MicroProgress) => void;
  readonly #figures: RepeatedFigure[] = [];
  readonly #skipped = new Map<MicroName, SkipReason>();
  #clockStepUs = 0;
  #adapter = '';
  #fallback = false;
  #fraction = 0;

  constructor(
    means: MicroMeans,
    crew: MicroCrew,
    visible: MicroVisible,
    onProgress: (progress: MicroProgress) => void,
  ) {
    this.#means = means;
    this.#crew = crew;
    this.#visible = visible;
    this.#onProgress = onProgress;
  }

  /** Errors: cancelled, benchmark-void. */
  async measure(signal: AbortSignal): Promise<Outcome<Measured>> {
    const { allowFallback = false, hasWebGpu, threads } = this.#means;
    const [crew, gpuNames] = [this.#crew, hasWebGpu ? GPU_NAMES : []];
    if (!hasWebGpu) this.#skip([...GPU_NAMES, 'gpuMemoryMiB'], 'no-webgpu');
    const inTurn = await this.#together(signal, IN_TURN_UNTIL_MS, [
      [WASM_NAMES, () => crew.openThreads(threads)],
      [gpuNames, () => crew.open({ kind: 'gpu', allowFallback })],
      [STORAGE_NAMES, () => crew.open({ kind: 'storage' })],
    ]);
    if (!inTurn.ok) return inTurn;
    const memory = await this.#together(signal, ALL_UNTIL_MS, [
      [hasWebGpu ? ['gpuMemoryMiB'] : [], () => crew.open({ kind: 'gpu-memory', allowFallback })],
    ]);
    return memory.ok ? ok(this.#result()) : memory;
  }

  /** Opens these parts, visits them in turn, and ends them. Parts without names are left out. */
  async #together(signal: AbortSignal, untilMs: number, plans: readonly PartPlan[]): Promise<Outcome<null>> {
    const parts: ReadyPart[] = [];
    const stations: Station[] = [];
    for (const [names, open] of plans) {
      const [first] = names;
      if (first === undefined) continue;
      this.#report(first);
      const opened = await open();
      if (opened.ok) {
        parts.push(opened.value);
        stations.push(this.#station(signal, names, opened.value));
        continue;
      }
      const reason = skipReasonOf(opened.error);
      if (reason === null) return opened;
      this.#skip(names, reason);
    }
    const time = { spentMs: () => this.#visible.spentMs(), untilMs };
    const measured = await measureInTurn(signal, stations, time, (name) => {
      this.#report(name);
    });
    await Promise.all(parts.map((part) => part.end()));
    return measured;
  }

  #station(signal: AbortSignal, names: readonly MicroName[], part: ReadyPart): Station {
    const { prepared } = part;
    this.#clockStepUs = Math.max(this.#clockStepUs, prepared.clockStepUs);
    if (prepared.adapter !== '') [this.#adapter, this.#fallback] = [prepared.adapter, prepared.fallback];
    for (const { name, reason } of prepared.skipped) this.#skip([name], reason);
    const ready = prepared.names.map((name) => {
      const sample = (blocks: number): Promise<Outcome<MicroSample>> =>
        this.#visible.seen(signal, () => part.sample(name, blocks));
      return new RepeatedFigure({ name, sample }, prepared.clockStepUs);
    });
    const missing = names.filter((name) => !prepared.names.includes(name) && !this.#skipped.has(name));
    for (const name of missing) this.#skip([name], isOfAll(name) ? 'no-threads' : 'failed');
    this.#figures.push(...ready);
    return ready;
  }

  #skip(names: readonly MicroName[], reason: SkipReason): void {
    for (const name of names) this.#skipped.set(name, reason);
  }

  /** By the time that there is: it may be over sooner, never later. */
  #report(name: MicroName): void {
    const spentMs = this.#visible.spentMs();
    this.#fraction = Math.min(1, Math.max(this.#fraction, spentMs / ALL_UNTIL_MS));
    this.#onProgress({
      name,
      fraction: this.#fraction,
      secondsLeft: Math.max(0, (ALL_UNTIL_MS - spentMs) / 1000),
    });
  }

  #result(): Measured {
    const readings: [MicroName, MicroReading][] = [];
    for (const figure of this.#figures) {
      const reading = figure.reading();
      if (reading === null) this.#skip([figure.name], figure.skipped ?? 'failed');
      else readings.push([figure.name, reading]);
    }
    const order = MICRO_NAMES;
    return {
      figures: Object.fromEntries(readings.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))),
      skipped: order.flatMap((name) => {
        const reason = this.#skipped.get(name);
        return reason === undefined ? [] : [{ name, reason }];
      }),
      conditions: {
        threads: this.#means.threads,
        clockStepUs: this.#clockStepUs,
        voided: this.#visible.voided,
        adapter: this.#adapter,
        fallback: this.#fallback,
      },
    };
  }
}
