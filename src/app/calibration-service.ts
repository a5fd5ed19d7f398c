import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { Calibration, EvaluationOptions, KeptRecord, RecordHead, Split } from '#contracts/calibration';
import type { AbsentMember } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import type { Backend } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import type { CalibrationPort } from '#contracts/ports';
import { SAMPLE_TEMPERATURE } from '../council/member-request.ts';
import { evaluate } from '../council/evaluation/evaluate.ts';
import { bestOnDev, type RuleSet } from '../council/evaluation/judged.ts';
import { heardIn, measuredAgreement } from '../council/evaluation/measured-agreement.ts';
import { ownQuestions } from '../council/evaluation/own-questions.ts';
import { recordLines, type WholeRecord } from '../council/evaluation/record-lines.ts';
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
  readonly rules: RuleSet;
  /** Machine and browser that times hold for. */
  readonly machine: (signal: AbortSignal) => Promise<string>;
}

/** Beyond it answers of one member say nothing new (More Agents, arXiv 2402.05120: flat after about ten). */
const MOST_SAMPLES = 20;

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
    return (await this.#ports.store()).records();
  }

  async replay(id: string): Promise<Outcome<EvalReport>> {
    const record = await this.#kept(id);
    return record.ok ? ok(this.#report(record.value, 0)) : record;
  }

  async latest(split?: Split): Promise<Outcome<Calibration | null>> {
    const results = await (await this.#ports.store()).results();
    if (!results.ok) return results;
    return ok(results.value.find((result) => split === undefined || result.split === split) ?? null);
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

  async remove(id: string): Promise<Outcome<null>> {
    return (await this.#ports.store()).remove(id);
  }

  /** What answers behind an id now. */
  #fingerprint(id: string, backend: Backend): string {
    const view = this.#ports.council.members().find((each) => each.id === id);
    return [backend, view?.parameters ?? 0, view?.sizeBytes ?? 0].join(' ');
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
    if (!recorded.ok) return recorded;
    const ballots = questions.flatMap(({ id }) => known.get(id) ?? []);
    const report = this.#report({ head: begun, ballots }, clock.nowMs() - startedMs);
    await store.keepResult(report.calibration);
    return ok(report);
  }

  async #kept(id: string): Promise<Outcome<WholeRecord>> {
    const store = await this.#ports.store();
    const head = await store.head(id);
    if (!head.ok) return head;
    if (head.value === null) return err(failure('record-invalid', { record: id }));
    const ballots = await store.ballots(id);
    return ballots.ok ? ok({ head: head.value, ballots: ballots.value }) : ballots;
  }

  #report(record: WholeRecord, wallMs: number): EvalReport {
    const { clock, rules } = this.#ports;
    return evaluate(record, { rules, wallMs, at: clock.epochMs() });
  }
}
