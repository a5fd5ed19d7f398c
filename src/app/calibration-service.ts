import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { Calibration, EvaluationOptions, KeptRecord, RecordHead, Split } from '#contracts/calibration';
import type { AbsentMember } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import type { Backend } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import type { EvaluationTask } from '#contracts/evaluation-worker';
import { memberFingerprint } from '#contracts/member-fingerprint';
import type { CalibrationPort } from '#contracts/ports';
import { SAMPLE_TEMPERATURE } from '../council/member-request.ts';
import { bestOnDev, type RuleSet } from '../council/evaluation/judged.ts';
import { heardIn, measuredAgreement } from '../council/evaluation/measured-agreement.ts';
import { MOST_SAMPLES } from '../council/evaluation/most-samples.ts';
import { ownQuestions } from '../council/evaluation/own-questions.ts';
import { recordFault } from '../council/evaluation/record-fault.ts';
import { parseRecordLines, recordLines, type WholeRecord } from '../council/evaluation/record-lines.ts';
import { Recorder, type RecordPlan } from '../council/evaluation/recorder.ts';
import type { CalibrationStore } from '../storage/calibration-store.ts';
import type { CouncilService } from './council-service.ts';
import { recordId, sha256Of } from './record-id.ts';
import type { StarterCatalogue } from './starter-catalogue.ts';

export interface CalibrationServicePorts {
  readonly clock: Clock;
  readonly catalogue: Pick<StarterCatalogue, 'questions'>;
  readonly council: Pick<CouncilService, 'about' | 'roster' | 'members' | 'exclusively'>;
  readonly store: () => Promise<CalibrationStore>;
  /** For one rule on one record. */
  readonly rules: RuleSet;
  /** Replays all rules on a record, which is seconds of computing. Errors: worker-lost and the like. */
  readonly evaluate: (task: EvaluationTask) => Promise<Outcome<EvalReport>>;
  /** Machine and browser that times hold for. */
  readonly machine: (signal: AbortSignal) => Promise<string>;
  /** A result was kept: members count by it from now on. */
  readonly onMeasured?: () => void;
}

/** Characters of a record that is taken in: three times that of 1,200 questions with 20 answers of each of 8 members. */
const MOST_CHARACTERS = 100_000_000;

/** A set of questions, and what it is called in the record. */
interface Asked {
  readonly split: Split;
  readonly sha256: string;
  readonly questions: RecordPlan['questions'];
}

/** Everything that a run needs, worked out before anybody is asked. */
interface Prepared extends Asked {
  readonly head: RecordHead;
  readonly plan: RecordPlan;
}

/** Records what members answer, and says what follows from it: arms, rules, stops, whom to keep and whom to refuse. */
export class CalibrationService implements CalibrationPort {
  readonly #ports: CalibrationServicePorts;

  constructor(ports: CalibrationServicePorts) {
    this.#ports = ports;
  }

  async run(
    signal: AbortSignal,
    options: EvaluationOptions,
    onProgress: (done: number, total: number) => void,
  ): Promise<Outcome<EvalReport>> {
    const { samples = 1 } = options;
    if (!Number.isInteger(samples) || samples < 1 || samples > MOST_SAMPLES)
      return err(failure('usage', { problem: `Answers of each member: 1 to ${String(MOST_SAMPLES)}.` }));
    return this.#ports.council.exclusively(signal, async () => {
      const prepared = await this.#prepare(signal, options, samples);
      return prepared.ok ? this.#record(signal, prepared.value, onProgress) : prepared;
    });
  }

  async records(): Promise<Outcome<readonly KeptRecord[]>> {
    const kept = await (await this.#ports.store()).records();
    if (!kept.ok || kept.value.length === 0) return kept;
    const machine = await this.#ports.machine(new AbortController().signal);
    return ok(kept.value.map((each) => ({ ...each, elsewhere: each.head.machine !== machine })));
  }

  async replay(id: string): Promise<Outcome<EvalReport>> {
    const record = await this.#kept(id);
    return record.ok ? this.#report(record.value, 0) : record;
  }

  async latest(split?: Split, leastQuestions = 0): Promise<Outcome<Calibration | null>> {
    const results = await (await this.#ports.store()).results();
    if (!results.ok) return results;
    const isWanted = (result: Calibration): boolean =>
      (split === undefined || result.split === split) && result.questions >= leastQuestions;
    return ok(results.value.find(isWanted) ?? null);
  }

  async bundledQuestions(signal: AbortSignal, split: 'dev' | 'test'): Promise<Outcome<number>> {
    const set = await this.#ports.catalogue.questions(signal, split);
    return set.ok ? ok(set.value.questions.length) : set;
  }

  async agreement(round: Deliberation): ReturnType<CalibrationPort['agreement']> {
    const heard = round.members.filter(({ id }) => heardIn(round).includes(id));
    if (heard.length === 0) return 'nobody';
    if (round.answerKind === 'free') return 'free-text';
    if (heard.some(({ backend }) => backend === 'remote')) return 'server';
    // What is on the council is known once somebody asked for it.
    const about = await this.#ports.council.about(new AbortController().signal);
    const results = await (await this.#ports.store()).results();
    if (!about.ok || !results.ok) return 'storage';
    const wanted = heard.map(({ id, backend }) => ({ id, fingerprint: this.#fingerprint(id, backend) }));
    const newest = results.value.find(({ members }) =>
      wanted.every(({ id, fingerprint }) =>
        members.some((each) => each.memberId === id && each.fingerprint === fingerprint),
      ),
    );
    if (newest === undefined) return 'none';
    const record = await this.#kept(newest.recordId);
    return record.ok ? measuredAgreement(record.value, round, this.#ports.rules) : 'storage';
  }

  countQuestions(text: string): Promise<Outcome<number>> {
    const questions = ownQuestions(text);
    return Promise.resolve(questions.ok ? ok(questions.value.length) : questions);
  }

  async exportRecord(id: string): Promise<Outcome<string>> {
    const record = await this.#kept(id);
    return record.ok ? ok(recordLines(record.value)) : record;
  }

  async importRecord(text: string): Promise<Outcome<KeptRecord>> {
    const invalid = (line: number): Outcome<never> => err(failure('record-invalid', { line }));
    if (text.length > MOST_CHARACTERS) return invalid(1);
    const read = parseRecordLines(text.replace(/^\uFEFF/, '').replaceAll('\r', ''));
    if (!read.ok) return read;
    const fault = recordFault(read.value);
    if (fault !== null) return invalid(fault);
    const { head, ballots } = read.value;
    const store = await this.#ports.store();
    const same = await store.head(head.id);
    if (!same.ok) return same;
    const isOurs = head.machine === (await this.#ports.machine(new AbortController().signal));
    // A run here must not go on with what another device answered: its times are others.
    const joins = isOurs || same.value?.machine === head.machine;
    const id = joins ? head.id : await recordId({ id: head.id, machine: head.machine });
    const before = joins ? same : await store.head(id);
    if (!before.ok) return before;
    const known = await store.ballots(id);
    if (!known.ok) return known;
    const kept = before.value ?? { ...head, id };
    const heads = before.value === null ? await store.keepHead(kept) : ok(null);
    if (!heads.ok) return heads;
    const here = new Set(known.value.map(({ question }) => question.id));
    for (const ballot of ballots) {
      if (here.has(ballot.question.id)) continue;
      const written = await store.keepBallot(id, ballot);
      if (!written.ok) return written;
    }
    const whole = await this.#kept(id);
    if (!whole.ok) return whole;
    const questions = whole.value.ballots.length;
    // As old as its answers: what was measured since counts before it.
    const report = isOurs && questions > 0 ? await this.#report(whole.value, 0, kept.startedAt) : null;
    if (report?.ok === true) await this.#keepResult(report.value);
    return ok({ head: kept, questions, elsewhere: !isOurs });
  }

  async remove(id: string): Promise<Outcome<null>> {
    return (await this.#ports.store()).remove(id);
  }

  /** What answers behind an id now. */
  #fingerprint(id: string, backend: Backend): string {
    const view = this.#ports.council.members().find((each) => each.id === id);
    const { parameters = 0, sizeBytes = 0 } = view ?? {};
    return memberFingerprint({ backend, parameters, sizeBytes });
  }

  async #questions(
    signal: AbortSignal,
    { own, split, questions }: EvaluationOptions,
  ): Promise<Outcome<Asked>> {
    if (own !== undefined) {
      const read = ownQuestions(own);
      if (!read.ok) return read;
      return ok({ split: 'own', sha256: await sha256Of(own), questions: read.value.slice(0, questions) });
    }
    const set = await this.#ports.catalogue.questions(signal, split);
    if (!set.ok) return set;
    return ok({ split, sha256: set.value.sha256, questions: set.value.questions.slice(0, questions) });
  }

  async #prepare(
    signal: AbortSignal,
    options: EvaluationOptions,
    samples: number,
  ): Promise<Outcome<Prepared>> {
    const { clock, council, machine } = this.#ports;
    const about = await council.about(signal);
    if (!about.ok) return about;
    const asked = await this.#questions(signal, options);
    if (!asked.ok) return asked;
    const roster = await council.roster(signal);
    if (!roster.ok) return roster;
    // A yes to one question is no yes to hundreds: nothing is sent away here.
    const isLocal = ({ backend }: Pick<AbsentMember, 'backend'>): boolean => backend !== 'remote';
    const members = roster.value.ready.filter(isLocal);
    const absent = roster.value.absent.filter(isLocal);
    if (absent[0] !== undefined) return err(failure('council-unavailable', { cause: absent[0].error }));
    if (members.length === 0) return err(failure('council-unavailable', { cause: 'consent-required' }));

    const { abstain } = about.value;
    const { seed } = options;
    const seats = members.map(({ id, name, backend, accuracy }) => {
      return { id, name, backend, fingerprint: this.#fingerprint(id, backend), devAccuracy: accuracy };
    });
    const best = seats.length > 1 ? bestOnDev(seats) : undefined;
    const extra = best === undefined ? null : { memberId: best.id, samples: seats.length * samples };
    const { split, sha256, questions } = asked.value;
    const manner = { sha256, split, seed, samples, extra, temperature: SAMPLE_TEMPERATURE, abstain, seats };
    return ok({
      ...asked.value,
      head: {
        schema: 'witan.calibration',
        version: 1,
        id: await recordId(manner),
        split,
        questionSetSha256: sha256,
        seed,
        samples,
        extra,
        temperature: SAMPLE_TEMPERATURE,
        members: seats,
        machine: await machine(signal),
        startedAt: clock.epochMs(),
      },
      plan: {
        members,
        questions,
        abstain,
        seed,
        temperature: SAMPLE_TEMPERATURE,
        samplesOf: (id) => (id === extra?.memberId ? extra.samples : samples),
      },
    });
  }

  async #record(
    signal: AbortSignal,
    { head, plan, questions }: Prepared,
    onProgress: (done: number, total: number) => void,
  ): Promise<Outcome<EvalReport>> {
    const { clock } = this.#ports;
    const store = await this.#ports.store();
    const kept = await store.ballots(head.id);
    // A database that cannot be read keeps nobody from being asked.
    const known = new Map((kept.ok ? kept.value : []).map((ballot) => [ballot.question.id, ballot]));
    const first = await store.head(head.id);
    const begun = (first.ok ? first.value : null) ?? head;
    await store.keepHead(begun);
    const open = questions.filter(({ id }) => !known.has(id));
    const before = questions.length - open.length;
    const startedMs = clock.nowMs();
    const recorder = new Recorder(
      { ...plan, questions: open },
      {
        clock,
        keep: (ballot) => {
          known.set(ballot.question.id, ballot);
          return store.keepBallot(head.id, ballot);
        },
        onProgress: (done) => {
          onProgress(before + done, questions.length);
        },
      },
    );
    const recorded = await recorder.run(signal);
    if (!recorded.ok) {
      const { error } = recorded;
      return err({ ...error, details: { ...error.details, record: head.id, kept: known.size } });
    }
    const ballots = questions.flatMap(({ id }) => known.get(id) ?? []);
    const report = await this.#report({ head: begun, ballots }, clock.nowMs() - startedMs);
    if (report.ok) await this.#keepResult(report.value);
    return report;
  }

  /** A few questions asked once more say less than the many that this record has a result of. */
  async #keepResult({ calibration }: EvalReport): Promise<void> {
    const store = await this.#ports.store();
    const before = await store.result(calibration.recordId);
    const richer = before.ok && before.value !== null && before.value.questions > calibration.questions;
    if (richer) return;
    await store.keepResult(calibration);
    this.#ports.onMeasured?.();
  }

  async #kept(id: string): Promise<Outcome<WholeRecord>> {
    const store = await this.#ports.store();
    const head = await store.head(id);
    if (!head.ok) return head;
    if (head.value === null) return err(failure('record-invalid', { record: id }));
    const ballots = await store.ballots(id);
    return ballots.ok ? ok({ head: head.value, ballots: ballots.value }) : ballots;
  }

  #report(
    record: WholeRecord,
    wallMs: number,
    at = this.#ports.clock.epochMs(),
  ): Promise<Outcome<EvalReport>> {
    return this.#ports.evaluate({ ...record, wallMs, at });
  }
}
