import { err, ok } from '#kernel/result';
import type { Calibration, EvaluationOptions, KeptRecord } from '#contracts/calibration';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import { memberFingerprint } from '#contracts/member-fingerprint';
import type { CalibrationPort } from '#contracts/ports';
import { evaluate } from '../../src/council/evaluation/evaluate.ts';
import { PLAIN_RULES } from './plain-rules.ts';
import { memberView } from './port-data.ts';
import { recordedBallot, recordHead } from './recorded-ballots.ts';

/** Nobody was ever asked, and there are no questions. */
export const emptyCalibration: CalibrationPort = {
  run: () => Promise.resolve(err(failure('question-set-invalid'))),
  records: () => Promise.resolve(ok([])),
  replay: () => Promise.resolve(err(failure('record-invalid'))),
  latest: () => Promise.resolve(ok(null)),
  bundledQuestions: () => Promise.resolve(err(failure('question-set-invalid'))),
  importRecord: () => Promise.resolve(err(failure('record-invalid'))),
  countQuestions: () => Promise.resolve(err(failure('question-set-invalid'))),
  exportRecord: () => Promise.resolve(err(failure('record-invalid'))),
  agreement: () => Promise.resolve('none'),
  remove: () => Promise.resolve(ok(null)),
};

/** Of twelve questions the first member is right in all, the second in eleven, the third in six. */
function playedReport(record: KeptRecord): EvalReport {
  const ballots = Array.from({ length: 12 }, (_, n) =>
    recordedBallot(
      n,
      [[n], [n < 1 ? n + 1 : n], [n % 2 === 0 ? n + 1 : n]],
      { id: `q${String(n).padStart(2, '0')}`, family: n % 2 === 0 ? 'addition' : 'sorting' },
      record.head.members,
    ),
  );
  return evaluate({ head: record.head, ballots }, { rules: PLAIN_RULES, wallMs: 9, at: 1_700_000_000_000 });
}

/** A run that ends when the test says so. */
export interface HeldRun {
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
  readonly end: (outcome: Outcome<EvalReport>) => void;
}

/** Does what its fields say. */
export class FakeCalibrationPort implements CalibrationPort {
  readonly asked: EvaluationOptions[] = [];
  readonly report = playedReport(this.record());
  /** How the next run ends; null: with the report. */
  end: Outcome<EvalReport> | null = null;
  kept: readonly KeptRecord[] = [];
  newest: Calibration | null = null;
  ownFault: WitanFailure | null = null;
  recordFault: WitanFailure | null = null;
  #held: ((signal: AbortSignal, progress: HeldRun['progress']) => Promise<Outcome<EvalReport>>) | null = null;

  /** The record of the bundled council. */
  record(change: Partial<KeptRecord> = {}): KeptRecord {
    const members = ['alder', 'birch', 'cedar'].map((id) => {
      const view = memberView(id);
      const fingerprint = memberFingerprint(view);
      return { id, name: view.name, backend: view.backend, fingerprint, devAccuracy: 0.9 };
    });
    return {
      head: recordHead({ members, split: 'dev', seed: 1 }),
      questions: 12,
      elsewhere: false,
      ...change,
    };
  }

  /** The next run waits for what the test does with it. */
  hold(): HeldRun {
    const run: { signal: AbortSignal; progress: HeldRun['progress']; end: HeldRun['end'] } = {
      signal: new AbortController().signal,
      progress: () => undefined,
      end: () => undefined,
    };
    this.#held = (signal, progress) => {
      run.signal = signal;
      run.progress = progress;
      return new Promise((resolve) => {
        run.end = resolve;
      });
    };
    return run;
  }

  run: CalibrationPort['run'] = (signal, options, onProgress) => {
    this.asked.push(options);
    const held = this.#held;
    this.#held = null;
    if (held !== null) return held(signal, onProgress);
    return Promise.resolve(this.end ?? ok(this.report));
  };

  records(): Promise<Outcome<readonly KeptRecord[]>> {
    return Promise.resolve(ok(this.kept));
  }

  replay(): Promise<Outcome<EvalReport>> {
    return this.#ofRecord(this.report);
  }

  latest(): Promise<Outcome<Calibration | null>> {
    return Promise.resolve(ok(this.newest));
  }

  bundledQuestions(_signal: AbortSignal, split: 'dev' | 'test'): Promise<Outcome<number>> {
    return Promise.resolve(ok(split === 'dev' ? 600 : 1200));
  }

  agreement(): ReturnType<CalibrationPort['agreement']> {
    return Promise.resolve('none');
  }

  countQuestions(text: string): Promise<Outcome<number>> {
    return Promise.resolve(this.ownFault === null ? ok(text.split('\n').length) : err(this.ownFault));
  }

  exportRecord(): Promise<Outcome<string>> {
    return this.#ofRecord('lines');
  }

  importRecord(): Promise<Outcome<KeptRecord>> {
    return this.#ofRecord(this.record());
  }

  remove(id: string): Promise<Outcome<null>> {
    this.kept = this.kept.filter(({ head }) => head.id !== id);
    return this.#ofRecord(null);
  }

  #ofRecord<T>(value: T): Promise<Outcome<T>> {
    return Promise.resolve(this.recordFault === null ? ok(value) : err(this.recordFault));
  }
}
