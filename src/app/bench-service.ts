import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { BenchComparison, BenchProgress, BenchResult } from '#contracts/bench';
import { failure, type Outcome } from '#contracts/errors';
import type { BenchPort, ProbePort } from '#contracts/ports';
import { compare } from '../bench/compare.ts';
import { benchEnvironment, councilFingerprint } from '../bench/bench-environment.ts';
import { QuickSuite } from '../bench/quick-suite.ts';
import { decode, linkFor } from '../bench/share-codec.ts';
import { VisibilityLog } from '../bench/visibility-log.ts';
import { BenchmarkStore } from '../storage/benchmark-store.ts';
import type { WitanDatabase } from '../storage/database.ts';
import type { CouncilService } from './council-service.ts';

export interface BenchServicePorts {
  readonly clock: Clock;
  readonly appVersion: string;
  readonly council: CouncilService;
  readonly device: ProbePort;
  /** Null where the browser keeps nothing. */
  readonly database: Promise<WitanDatabase | null>;
  /** The page's address without a fragment. */
  readonly pageUrl: () => string;
  readonly visible: () => boolean;
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
}

/** Seed of the random prompts: fixed, so that every device runs the same text. */
const PROMPT_SEED = 20_261_121;

/** Runs the quick suite on the loaded council; makes and opens links. */
export class BenchService implements BenchPort {
  readonly #ports: BenchServicePorts;
  readonly #store: Promise<BenchmarkStore>;
  #running = false;

  constructor(ports: BenchServicePorts) {
    this.#ports = ports;
    this.#store = ports.database.then((database) => new BenchmarkStore(database));
  }

  async runQuick(
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
  ): Promise<Outcome<BenchResult>> {
    if (this.#running) return err(failure('queue-full', { limit: 1 }));
    this.#running = true;
    const { clock, visible, onVisibility } = this.#ports;
    const visibility = new VisibilityLog(clock, !visible());
    const forget = onVisibility((now) => {
      visibility.note(!now);
    });
    try {
      return await this.#ports.council.exclusively(signal, () => this.#run(signal, onProgress, visibility));
    } finally {
      forget();
      this.#running = false;
    }
  }

  async latest(): Promise<Outcome<BenchResult | null>> {
    return (await this.#store).latest();
  }

  link(result: BenchResult): Promise<Outcome<string>> {
    return Promise.resolve(linkFor(this.#ports.pageUrl(), result));
  }

  open(link: string): Promise<Outcome<BenchResult>> {
    return Promise.resolve(decode(link));
  }

  compare(theirs: BenchResult, ours: BenchResult): readonly BenchComparison[] {
    return compare(theirs, ours);
  }

  async #run(
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
    visibility: VisibilityLog,
  ): Promise<Outcome<BenchResult>> {
    const { appVersion, clock, council, device } = this.#ports;
    const probed = await device.probe(signal);
    if (!probed.ok) return probed;
    const about = await council.about(signal);
    if (!about.ok) return about;
    const roster = await council.roster(signal);
    if (!roster.ok) return roster;
    // Only what computes here and to a fixed length can be measured.
    const measured = roster.value.ready.filter(({ backend }) => backend === 'cpu' || backend === 'webgpu');
    if (measured.length === 0) return err(failure('council-unavailable', { cause: 'none-local' }));
    const fileOf = new Map(about.value.members.map(({ id, sha256 }) => [id, sha256]));
    const environment = benchEnvironment({
      app: appVersion,
      epochMs: clock.epochMs(),
      profile: probed.value.profile,
      tier: probed.value.tier,
      threads: Math.max(...council.members().map((member) => member.threads ?? 1)),
      council: await councilFingerprint(measured.map(({ id }) => fileOf.get(id) ?? id)),
    });
    const suite = new QuickSuite(measured, { clock, visibility, environment, seed: PROMPT_SEED }, onProgress);
    const result = await suite.run(signal);
    if (result.ok) await (await this.#store).add(result.value);
    return result.ok ? ok(result.value) : result;
  }
}
