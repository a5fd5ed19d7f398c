import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import type { RecordedBallot, RecordedQuestion, RecordedSample } from '#contracts/calibration';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { askSample, type SampleRequest } from './ask-sample.ts';

export interface RecordPlan extends Pick<SampleRequest, 'abstain' | 'seed' | 'temperature'> {
  readonly members: readonly CouncilMember[];
  readonly questions: readonly RecordedQuestion[];
  /** Answers that this member gives to each question. */
  readonly samplesOf: (memberId: string) => number;
}

export interface RecorderPorts {
  readonly clock: Clock;
  /** Keeps a whole ballot; the next waits for it. Its failures are the store's own affair. */
  readonly keep: (ballot: RecordedBallot) => Promise<unknown>;
  /** Told after each question that all have answered. */
  readonly onProgress: (done: number) => void;
}

/**
 * Questions by which a fast member may be ahead of a slow one: enough to even out long and short answers, and all that a
 * run that is killed loses.
 */
const AHEAD = 8;

/**
 * Asks every member every question to the end. Members go at their own pace, each with one answer at a time; a ballot is
 * kept as soon as all have spoken, in the order of the questions. A member that fails ends the run: a table with holes
 * would compare different questions.
 */
export class Recorder {
  readonly #plan: RecordPlan;
  readonly #ports: RecorderPorts;
  readonly #stop = new AbortController();
  /** By question, what came so far. */
  readonly #open = new Map<number, RecordedSample[][]>();
  #kept = 0;
  #keeping: Promise<void> = Promise.resolve();
  #failed: WitanFailure | null = null;
  #waiting: (() => void)[] = [];

  constructor(plan: RecordPlan, ports: RecorderPorts) {
    this.#plan = plan;
    this.#ports = ports;
  }

  /** Runs once. Errors: cancelled, and those of `Engine.generate`. What was kept before an error stays kept. */
  async run(signal: AbortSignal): Promise<Outcome<null>> {
    const either = AbortSignal.any([signal, this.#stop.signal]);
    const wake = (): void => {
      this.#wake();
    };
    either.addEventListener('abort', wake);
    await Promise.all(this.#plan.members.map((member) => this.#hear(either, member)));
    either.removeEventListener('abort', wake);
    await this.#keeping;
    if (signal.aborted) return err(failure('cancelled'));
    return this.#failed === null ? ok(null) : err(this.#failed);
  }

  async #hear(signal: AbortSignal, member: CouncilMember): Promise<void> {
    for (const [place, question] of this.#plan.questions.entries()) {
      while (place >= this.#kept + AHEAD && !signal.aborted)
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const samples = await this.#answers(signal, member, question);
      if (samples === null) return;
      this.#collect(place, samples);
    }
  }

  /** Null when the run is over. */
  async #answers(
    signal: AbortSignal,
    member: CouncilMember,
    question: RecordedQuestion,
  ): Promise<RecordedSample[] | null> {
    const { clock } = this.#ports;
    const { abstain, seed, temperature } = this.#plan;
    const samples: RecordedSample[] = [];
    let arrival = 0;
    for (let index = 0; index < this.#plan.samplesOf(member.id); index += 1) {
      if (signal.aborted) return null;
      const startedMs = clock.nowMs();
      const asked = await askSample(signal, member, { question, index, seed, temperature, abstain });
      // Half an answer is none.
      if (signal.aborted) return null;
      if (!asked.ok) {
        this.#failed ??= asked.error;
        this.#stop.abort();
        return null;
      }
      const durationMs = Math.max(0, clock.nowMs() - startedMs);
      arrival += durationMs;
      samples.push({ ...asked.value, arrival, durationMs });
    }
    return samples;
  }

  #collect(place: number, samples: RecordedSample[]): void {
    const heard = [...(this.#open.get(place) ?? []), samples];
    this.#open.set(place, heard);
    const question = this.#plan.questions[place];
    if (heard.length < this.#plan.members.length || question === undefined) return;
    // Members answer the questions in order, so the ballots are whole in order too.
    this.#open.delete(place);
    const order = new Map(this.#plan.members.map(({ id }, seat) => [id, seat]));
    const inOrder = heard
      .flat()
      .sort((a, b) => (order.get(a.memberId) ?? 0) - (order.get(b.memberId) ?? 0) || a.index - b.index);
    this.#keeping = this.#keeping.then(async () => {
      await this.#ports.keep({
        schema: 'witan.calibration-ballot',
        version: 1,
        question,
        samples: inOrder,
      });
      this.#kept += 1;
      this.#ports.onProgress(this.#kept);
      this.#wake();
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
