import type { Clock } from '#kernel/clock';
import type { Calibration, KeptRecord } from '#contracts/calibration';
import type { MemberView } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { Estimate } from '#contracts/estimate';
import type { EvalReport } from '#contracts/evaluation';
import { memberFingerprint } from '#contracts/member-fingerprint';
import type { WitanPorts } from '#contracts/ports';
import { MeasureRun } from '../device/measure-run.svelte.ts';
import { plural } from '../quantities.ts';
import { answerTimes } from './answer-times.ts';
import { runTime, TimeLeft } from './run-time.ts';

export type Source = 'dev' | 'test' | 'own';

/** A file of the user's own questions. */
export interface OwnFile {
  readonly name: string;
  readonly text: string;
  readonly questions: number;
}

export interface RunProgress {
  readonly done: number;
  readonly total: number;
  /** ms; null before there is a pace. */
  readonly left: Estimate | null;
}

/** Equal for all runs, so that one that was stopped goes on. */
const SEED = 1;
/** Rounds of the history that tell how long members take. */
const ROUNDS = 30;
/** Characters of the largest file of questions (src/council/evaluation/own-questions.ts), in bytes of four each. */
const MOST_BYTES = 80_000_000;

function scaled({ low, median, high }: Estimate, factor: number): Estimate {
  return { low: low * factor, median: median * factor, high: high * factor };
}

/** What is asked of the members, how far it is, and what came of it. A run goes on while another page is open. */
export class CalibrationModel {
  source = $state<Source>('dev');
  /** Questions; null: all. */
  howMany = $state<number | null>(120);
  samples = $state(1);
  own = $state.raw<OwnFile | null>(null);
  ownProblem = $state.raw<WitanFailure | null>(null);
  /** How many there are; null until it is known. */
  bundled = $state.raw<Readonly<Record<'dev' | 'test', number | null>>>({ dev: null, test: null });
  members = $state.raw<readonly MemberView[]>([]);
  records = $state.raw<readonly KeptRecord[]>([]);
  report = $state.raw<EvalReport | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** Read out by screen readers. */
  announcement = $state('');
  readonly run = new MeasureRun<RunProgress>();

  /** Servers are not asked: a yes to one question is no yes to hundreds. */
  readonly asked = $derived(this.members.filter(({ backend }) => backend !== 'remote'));
  readonly available = $derived(
    this.source === 'own' ? (this.own?.questions ?? null) : this.bundled[this.source],
  );
  readonly questions = $derived(
    this.available === null ? this.howMany : Math.min(this.available, this.howMany ?? this.available),
  );
  /** The record that a run would go on with. */
  readonly begun = $derived(this.source === 'own' ? null : this.#begunOf(this.source));
  /** Questions that were asked before and will not be again. */
  readonly known = $derived(Math.min(this.begun?.questions ?? 0, this.questions ?? 0));
  readonly expected = $derived.by((): Estimate | null => {
    const { questions, samples } = this;
    if (questions === null) return null;
    const left = questions - this.known;
    const pace = this.#pace;
    if (pace !== null && pace.samples === samples) return scaled(pace.questionMs, left);
    const times = answerTimes(this.asked, this.#latest, this.#history);
    return times === null ? null : runTime(times, left, samples);
  });

  #latest = $state.raw<Calibration | null>(null);
  #history = $state.raw<readonly Deliberation[]>([]);
  /** Of the last run in this tab. */
  #pace = $state.raw<{ readonly samples: number; readonly questionMs: Estimate } | null>(null);
  readonly #ports: WitanPorts;
  readonly #clock: Clock;

  constructor(ports: WitanPorts, clock: Clock) {
    this.#ports = ports;
    this.#clock = clock;
    this.members = ports.council.members();
  }

  /** Follows the council, and looks at what is kept, until the returned function is called. */
  connect(): () => void {
    const leave = this.#ports.council.subscribe((event) => {
      if (event.type === 'members-changed') this.members = event.members;
    });
    const abort = new AbortController();
    void this.#learn(abort.signal);
    return () => {
      leave();
      abort.abort();
    };
  }

  /** Reads a file of questions; what is wrong with it is told with its line, and the file before it stays. */
  async take(file: Pick<File, 'name' | 'size' | 'text'>): Promise<void> {
    this.ownProblem = null;
    this.source = 'own';
    if (file.size > MOST_BYTES) {
      this.ownProblem = { code: 'question-set-invalid', details: { reason: 'too-large' } };
      return;
    }
    const read = await this.#settled(async () => {
      const text = await file.text();
      const counted = await this.#ports.calibration.countQuestions(text);
      return counted.ok ? { ok: true, value: { text, questions: counted.value } } : counted;
    });
    if (read.ok) {
      this.own = { name: file.name, ...read.value };
      this.howMany = null;
      this.announcement = `${file.name}: ${plural(read.value.questions, 'question')}.`;
    } else this.ownProblem = read.error;
  }

  async start(): Promise<void> {
    const { source, own, samples, questions } = this;
    if (questions === null || (source === 'own' && own === null)) return;
    this.problem = null;
    this.announcement = '';
    const pace = new TimeLeft(this.#clock);
    let reached = 0;
    const options = {
      questions,
      samples,
      seed: SEED,
      split: source === 'own' ? ('dev' as const) : source,
      ...(source === 'own' && own !== null ? { own: own.text } : {}),
    };
    const report = await this.run.run<EvalReport>((signal, onProgress) =>
      this.#ports.calibration.run(signal, options, (done, total) => {
        reached = done;
        const left = pace.step(total - done);
        if (left !== null && done < total)
          this.#pace = { samples, questionMs: scaled(left, 1 / (total - done)) };
        onProgress({ done, total, left });
      }),
    );
    if (report !== null) {
      this.report = report;
      this.announcement = `${plural(report.questions, 'question')} answered: the result is below.`;
    } else if (this.run.stopped) {
      this.announcement =
        reached === 0
          ? 'Stopped. What was recorded is kept.'
          : `Stopped after ${plural(reached, 'question')}. They are kept: start again, and it goes on from there.`;
    }
    await this.look();
  }

  /** Shows what a kept record says. */
  async open(id: string): Promise<void> {
    await this.#try(
      () => this.#ports.calibration.replay(id),
      (report) => {
        this.report = report;
        this.announcement = 'The result of this record is shown.';
      },
    );
  }

  /** The record as JSON lines; null where it cannot be read, which is then told. */
  async exported(id: string): Promise<string | null> {
    let text: string | null = null;
    await this.#try(
      () => this.#ports.calibration.exportRecord(id),
      (lines) => {
        text = lines;
      },
    );
    return text;
  }

  async bringIn(file: Pick<File, 'name' | 'text'>): Promise<void> {
    await this.#try(
      async () => this.#ports.calibration.importRecord(await file.text()),
      ({ questions }) => {
        this.announcement = `${file.name}: ${plural(questions, 'question')} with the answers to them.`;
      },
    );
    await this.look();
  }

  async remove(id: string): Promise<void> {
    await this.#try(
      () => this.#ports.calibration.remove(id),
      () => {
        if (this.report?.calibration.recordId === id) this.report = null;
        this.announcement = 'The record is deleted.';
      },
    );
    await this.look();
  }

  /** Reads anew what is kept. */
  async look(): Promise<void> {
    const [records, latest] = await Promise.all([
      this.#settled(() => this.#ports.calibration.records()),
      this.#settled(() => this.#ports.calibration.latest()),
    ]);
    if (records.ok) this.records = records.value;
    else this.problem = records.error;
    if (latest.ok) this.#latest = latest.value;
  }

  /** Name of a member: as the record has it, else as it is now, else its id. */
  nameOf(id: string, recordId = this.report?.calibration.recordId): string {
    const record = this.records.find(({ head }) => head.id === recordId);
    return (
      record?.head.members.find((member) => member.id === id)?.name ??
      this.members.find((view) => view.id === id)?.name ??
      id
    );
  }

  #begunOf(split: 'dev' | 'test'): KeptRecord | null {
    const { asked, samples } = this;
    const sits = ({ id, fingerprint }: KeptRecord['head']['members'][number]): boolean =>
      asked.some((view) => view.id === id && memberFingerprint(view) === fingerprint);
    const same = ({ head, elsewhere }: KeptRecord): boolean =>
      elsewhere !== true &&
      head.split === split &&
      head.seed === SEED &&
      head.samples === samples &&
      head.members.length === asked.length &&
      head.members.every(sits);
    return this.records.find(same) ?? null;
  }

  async #learn(signal: AbortSignal): Promise<void> {
    await this.#settled(() => this.#ports.council.about(signal));
    if (signal.aborted) return;
    this.members = this.#ports.council.members();
    await this.look();
    const history = await this.#settled(() => this.#ports.history.list(ROUNDS));
    if (history.ok) this.#history = history.value;
    for (const split of ['dev', 'test'] as const) {
      const count = await this.#settled(() => this.#ports.calibration.bundledQuestions(signal, split));
      if (count.ok) this.bundled = { ...this.bundled, [split]: count.value };
    }
    // The newest run is what one comes to see.
    if (this.report === null && this.#latest !== null && !this.run.running)
      await this.open(this.#latest.recordId);
  }

  async #try<T>(task: () => Promise<Outcome<T>>, take: (value: T) => void): Promise<void> {
    this.problem = null;
    const outcome = await this.#settled(task);
    if (outcome.ok) take(outcome.value);
    else this.problem = outcome.error;
  }

  /** The port's code is fetched with its first use, and that may fail. */
  async #settled<T>(task: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await task();
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
  }
}

const models = new WeakMap<WitanPorts, CalibrationModel>();

/** One for the whole app. */
export function calibrationModel(ports: WitanPorts, clock: Clock): CalibrationModel {
  const known = models.get(ports) ?? new CalibrationModel(ports, clock);
  models.set(ports, known);
  return known;
}
