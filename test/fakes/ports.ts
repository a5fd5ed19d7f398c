import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { BenchComparison, BenchTestName } from '#contracts/bench';
import type { CouncilEvent, MemberView } from '#contracts/council';
import type { AskOptions, Deliberation, MemberOutcome } from '#contracts/deliberation';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import { MICRO_NAMES } from '#contracts/micro-bench';
import { METRIC_IDS, type MetricId, type MetricSample } from '#contracts/metrics';
import type { WitanPorts } from '#contracts/ports';
import { EvidenceService } from '../../src/app/evidence-service.ts';
import { emptyCalibration } from './calibration-port.ts';
import { microReport } from './capacity-data.ts';
import { FakeCapacityPort } from './capacity-port.ts';
import { FakeConversations } from './conversation-port.ts';
import { FakeMemberPort } from './member-port.ts';
import { FakeModelsPort } from './models-port.ts';
import type { PortScript, ScriptedMember } from './port-script.ts';
import { FakeResponsePort } from './response-port.ts';
import { FakeSettingsPort } from './settings-port.ts';
import { deliberation, memberView, probeReport, benchResult, starterCouncil } from './port-data.ts';

/** One sample with the given values, all others zero. */
export function sampleAt(
  atMs: number,
  values: Partial<Record<MetricId, number>>,
  visible = true,
): MetricSample {
  return { atMs, values: METRIC_IDS.map((id) => values[id] ?? 0), visible };
}

export function defaultScript(): PortScript {
  const result = deliberation();
  return {
    members: ['alder', 'birch', 'cedar'].map((id) => memberView(id)),
    about: ok(starterCouncil()),
    round: {
      members: result.members.map((outcome, index) => ({
        id: outcome.id,
        pieces: [...outcome.answer],
        stepMs: 30 + 10 * index,
        outcome,
      })),
      result,
    },
    loadMs: 300,
    persistent: true,
    records: [],
    probe: ok(probeReport()),
    bench: ok(benchResult()),
    latest: null,
    shared: ok(benchResult()),
    promptLimit: 120,
    samples: () => [],
  };
}

/** Scripted ports for developing and testing pages: they act in the order and at the times of the script. */
export class FakePorts implements WitanPorts {
  readonly version = '0.1.0';
  /** Calls in order, as "port.method argument". */
  readonly calls: string[] = [];
  script: PortScript;
  readonly #clock: Clock;
  readonly #councilListeners = new Set<(event: CouncilEvent) => void>();
  readonly #historyListeners = new Set<() => void>();
  #members: readonly MemberView[];
  #records: Deliberation[];
  #stopped = new Set<string>();
  #rounds = 0;
  #mark = 0;
  #qualityEnabled = true;

  constructor(clock: Clock, script: Partial<PortScript> = {}) {
    this.#clock = clock;
    this.script = { ...defaultScript(), ...script };
    this.#members = this.script.members;
    this.#records = [...this.script.records];
  }

  get records(): readonly Deliberation[] {
    return this.#records;
  }

  emit(event: CouncilEvent): void {
    if (event.type === 'members-changed') this.#members = event.members;
    for (const listener of this.#councilListeners) listener(event);
  }

  readonly settings = new FakeSettingsPort();
  readonly modelsPort = new FakeModelsPort();
  readonly models = (): Promise<FakeModelsPort> => Promise.resolve(this.modelsPort);

  readonly responsesPort = new FakeResponsePort();
  readonly responses = (): Promise<FakeResponsePort> => Promise.resolve(this.responsesPort);

  readonly council: WitanPorts['council'] = {
    about: () => Promise.resolve(this.script.about),
    members: () => this.#members,
    promptLimit: () => this.script.promptLimit,
    prepare: async () => {
      this.calls.push('council.prepare');
      await this.#load();
      return ok(this.#members);
    },
    ask: (signal, prompt, options) => this.#ask(signal, prompt, options),
    stop: (memberId) => {
      this.calls.push(`council.stop ${memberId ?? ''}`.trim());
      for (const each of this.#members)
        if (memberId === undefined || memberId === each.id) this.#stopped.add(each.id);
    },
    download: (memberId) => {
      this.calls.push(`council.download ${memberId}`);
      this.#change(memberId, { state: 'ready', problem: null });
      const view = this.#members.find((each) => each.id === memberId);
      return Promise.resolve(
        view === undefined ? err(failure('member-unknown', { member: memberId })) : ok(view),
      );
    },
    restart: (memberId) => {
      this.calls.push(`council.restart ${memberId}`);
      this.#change(memberId, { state: 'ready', problem: null });
      const view = this.#members.find((each) => each.id === memberId);
      return Promise.resolve(
        view === undefined ? err(failure('member-unknown', { member: memberId })) : ok(view),
      );
    },
    subscribe: (listener) => {
      this.#councilListeners.add(listener);
      return () => this.#councilListeners.delete(listener);
    },
  };

  readonly members = new FakeMemberPort();

  readonly talk = new FakeConversations(() => ({
    clock: this.#clock,
    council: this.council,
    records: this.#records,
    readers: () => this.script.readers ?? [],
  }));
  readonly conversations = this.talk.open;

  readonly history: WitanPorts['history'] = {
    persistent: () => Promise.resolve(this.script.persistent),
    list: (limit) => Promise.resolve(ok(this.#records.slice(0, limit))),
    get: (id) => Promise.resolve(this.#record(id)),
    rate: (id, rating) => {
      this.calls.push(`history.rate ${id} ${rating}`);
      const found = this.#record(id);
      if (!found.ok) return Promise.resolve(found);
      const rated = { ...found.value, rating };
      this.#records = this.#records.map((record) => (record.id === id ? rated : record));
      this.#historyChanged();
      return Promise.resolve(ok(rated));
    },
    remove: (id) => {
      this.calls.push(`history.remove ${id}`);
      this.#records = this.#records.filter((record) => record.id !== id);
      this.#historyChanged();
      return Promise.resolve(ok(null));
    },
    subscribe: (listener) => {
      this.#historyListeners.add(listener);
      return () => this.#historyListeners.delete(listener);
    },
  };

  readonly device: WitanPorts['device'] = {
    probe: () => Promise.resolve(this.script.probe),
    measure: async (signal, onProgress) => {
      this.calls.push('device.measure');
      for (const [index, name] of MICRO_NAMES.entries()) {
        if (signal.aborted) return err(failure('cancelled'));
        const left = MICRO_NAMES.length - index;
        onProgress({ name, fraction: index / MICRO_NAMES.length, secondsLeft: index === 0 ? null : left });
        await this.#wait(800);
      }
      return this.#probed({ measured: microReport() });
    },
    setTier: (tier) => {
      this.calls.push(`device.setTier ${String(tier)}`);
      const probed = this.#probed({ override: tier, ...(tier === null ? {} : { tier }) });
      return Promise.resolve(probed.ok ? ok(null) : probed);
    },
  };
  readonly capacityPort = new FakeCapacityPort();
  readonly capacity = (): Promise<FakeCapacityPort> => Promise.resolve(this.capacityPort);

  readonly monitor: WitanPorts['monitor'] = {
    recent: (sinceMs) => Promise.resolve(this.script.samples(sinceMs, this.#clock.epochMs())),
    history: (fromMs, toMs, maxPoints) => {
      const stepMs = (toMs - fromMs) / maxPoints;
      const samples = this.script.samples(fromMs, toMs);
      const points = samples.filter((_sample, index) => index % 10 === 0);
      this.calls.push(`monitor.history ${String(Math.round(stepMs))}`);
      return Promise.resolve(
        ok(points.map((sample) => ({ atMs: sample.atMs, mean: sample.values, max: sample.values }))),
      );
    },
    stats: () =>
      Promise.resolve({
        samples: 18_234,
        missedTicks: 3,
        chunksWritten: 182,
        persistent: this.script.persistent,
        meanTickUs: 14.2,
      }),
    quality: () => ({
      enabled: this.#qualityEnabled,
      level: this.#qualityEnabled ? 2 : 0,
      levels: 8,
      label: this.#qualityEnabled ? 'Text every 120 ms' : 'Full quality',
      flushIntervalMs: 120,
      decodeDelayMs: 0,
      frameMs: 17.4,
      budgetMs: 16.7,
      decisions: [
        {
          atMs: 1_000,
          lever: 'stream-flush',
          fromLevel: 0,
          toLevel: 1,
          from: 16,
          to: 50,
          reason: 'over-budget',
          frameMs: 24.1,
          budgetMs: 16.7,
        },
        {
          atMs: 2_000,
          lever: 'stream-flush',
          fromLevel: 1,
          toLevel: 2,
          from: 50,
          to: 120,
          reason: 'over-budget',
          frameMs: 21.8,
          budgetMs: 16.7,
        },
      ],
    }),
    setQualityEnabled: (enabled) => {
      this.calls.push(`monitor.setQualityEnabled ${String(enabled)}`);
      this.#qualityEnabled = enabled;
    },
    frames: () => {
      this.#mark += 1;
      return {
        mark: this.#mark,
        summary: { count: 600, p50: 16.7, p95: 17.1, p99: 24.9, longest: 33.4 },
        refreshIntervalMs: 16.67,
      };
    },
  };

  readonly bench: WitanPorts['bench'] = {
    runQuick: async (signal, onProgress) => {
      this.calls.push('bench.runQuick');
      const total = 54;
      for (let done = 0; done < total; done += 1) {
        if (signal.aborted) return err(failure('cancelled'));
        onProgress({
          done,
          total,
          current: `alder/${(['pp128', 'tg64', 'ttft'] as const)[done % 3] ?? 'tg64'}`,
        });
        await this.#wait(40);
      }
      return this.script.bench;
    },
    latest: () => Promise.resolve(ok(this.script.latest)),
    link: (result) =>
      Promise.resolve(ok(`https://witan.example/#b1.${'Q'.repeat(560)}${String(result.tests.length)}`)),
    open: (link) => {
      this.calls.push(`bench.open ${link.slice(0, 8)}`);
      return Promise.resolve(this.script.shared);
    },
    compare: (theirs, ours) =>
      ours.tests.map((test, index): BenchComparison => {
        const other = theirs.tests[index];
        const ratio = test.median / (other?.median ?? test.median);
        const name: BenchTestName = test.test;
        return {
          member: test.member,
          test: name,
          unit: test.unit,
          theirs: other?.median ?? 0,
          ours: test.median,
          ratio,
          ratioCi: [ratio * 0.97, ratio * 1.02],
          p: 0.002,
          verdict:
            Math.abs(ratio - 1) <= 0.03
              ? 'not-distinguishable'
              : ratio > 1 === (test.unit === 'tokens/s')
                ? 'faster'
                : 'slower',
        };
      }),
  };

  readonly evaluation: WitanPorts['evaluation'] = {
    run: () => Promise.resolve(err(failure('question-set-invalid'))),
  };

  calibration: WitanPorts['calibration'] = emptyCalibration;

  readonly evidence: WitanPorts['evidence'] = () =>
    Promise.resolve(new EvidenceService({ agreement: (record) => this.calibration.agreement(record) }));

  readonly test: WitanPorts['test'] = {
    burnPerFrame: () => undefined,
    limitMemory: () => undefined,
  };

  /** What is read of the device from now on. */
  #probed(change: Partial<ProbeReport>): Outcome<ProbeReport> {
    const { probe } = this.script;
    if (!probe.ok) return probe;
    const changed = ok({ ...probe.value, ...change });
    this.script = { ...this.script, probe: changed };
    return changed;
  }

  #record(id: string): Outcome<Deliberation> {
    const found = this.#records.find((record) => record.id === id);
    return found === undefined ? err(failure('record-invalid')) : ok(found);
  }

  #historyChanged(): void {
    for (const listener of this.#historyListeners) listener();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }

  #change(memberId: string, change: Partial<MemberView>): void {
    const members = this.#members.map((each) => (each.id === memberId ? { ...each, ...change } : each));
    this.emit({ type: 'members-changed', members });
  }

  async #load(): Promise<void> {
    const waiting = this.#members.filter((each) => each.state === 'absent');
    for (const each of waiting) this.#change(each.id, { state: 'loading' });
    if (waiting.length > 0) await this.#wait(this.script.loadMs);
    for (const each of waiting)
      this.#change(each.id, { state: 'ready', threads: 1, loadMs: this.script.loadMs });
  }

  async #ask(signal: AbortSignal, prompt: string, options: AskOptions = {}): Promise<Outcome<Deliberation>> {
    this.calls.push(`council.ask ${prompt}${options.fresh === true ? ' (fresh)' : ''}`);
    const limit = this.script.promptLimit;
    if (prompt.trim() === '') return err(failure('prompt-empty'));
    if (prompt.length > limit) return err(failure('prompt-too-long', { characters: prompt.length, limit }));
    await this.#load();
    if (signal.aborted) return err(failure('cancelled'));
    this.#stopped.clear();
    this.#rounds += 1;
    const roundId = `round-${String(this.#rounds)}`;
    const { members, result } = this.script.round;
    this.emit({ type: 'round-started', roundId, prompt, members: members.map((each) => each.id) });
    await Promise.all(members.map((each) => this.#speak(roundId, each)));
    const ended: Deliberation = { ...result, id: roundId, prompt, askedAt: this.#clock.epochMs() };
    this.#records = [ended, ...this.#records];
    this.emit({ type: 'round-ended', roundId, deliberation: ended });
    this.#historyChanged();
    return ok(ended);
  }

  async #speak(roundId: string, scripted: ScriptedMember): Promise<void> {
    const { id: memberId, pieces, stepMs, outcome } = scripted;
    this.emit({ type: 'member-started', roundId, memberId });
    this.#change(memberId, { state: 'thinking' });
    let text = '';
    let tokens = 0;
    for (const piece of pieces) {
      await this.#wait(stepMs);
      if (this.#stopped.has(memberId)) break;
      text += piece;
      tokens += 1;
      const tokensPerSecond = tokens < 2 ? null : 1000 / stepMs;
      this.emit({ type: 'member-chunk', roundId, memberId, text, tokens, tokensPerSecond });
    }
    const stopped = this.#stopped.has(memberId);
    const ended: MemberOutcome = stopped
      ? { ...outcome, status: 'stopped', key: null, answer: text }
      : outcome;
    const lost: WitanFailure | null =
      ended.status === 'lost' ? failure('worker-lost', { member: ended.name }) : null;
    this.#change(
      memberId,
      lost === null ? { state: 'ready' } : { state: 'restarting', problem: lost, restarts: 1 },
    );
    this.emit({ type: 'member-ended', roundId, member: ended });
  }
}
