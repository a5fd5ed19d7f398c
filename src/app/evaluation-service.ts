import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { AbsentMember, CouncilMember } from '#contracts/council';
import { failure, type Outcome } from '#contracts/errors';
import type { EvalReport } from '#contracts/evaluation';
import type { EvaluationPort } from '#contracts/ports';
import type { Question } from '#contracts/starter';
import { answerShape } from '../council/answer-shape.ts';
import { canonicalKey, isAbstention } from '../council/canonical-key.ts';
import { evaluate, type RecordedBallot, type RecordedVote } from '../council/evaluation.ts';
import { memberRequest } from '../council/member-request.ts';
import { pluralityWinner } from '../council/plurality.ts';
import type { CouncilService } from './council-service.ts';
import type { StarterCatalogue } from './starter-catalogue.ts';

export interface EvaluationServicePorts {
  readonly clock: Clock;
  readonly catalogue: StarterCatalogue;
  readonly council: CouncilService;
}

/** Asks every member every question to the end, records the ballots, and replays the rules on the record. */
export class EvaluationService implements EvaluationPort {
  readonly #ports: EvaluationServicePorts;

  constructor(ports: EvaluationServicePorts) {
    this.#ports = ports;
  }

  /**
   * Errors: council-unavailable (one member is enough), question-set-invalid, cancelled, worker-lost and the like (a member that fails ends the run: a table with
   * holes would compare different questions), those of loading.
   */
  run(
    signal: AbortSignal,
    options: { readonly questions: number; readonly split: 'dev' | 'test'; readonly seed: number },
    onProgress: (done: number, total: number) => void,
  ): Promise<Outcome<EvalReport>> {
    return this.#ports.council.exclusively(signal, () => this.#run(signal, options, onProgress));
  }

  async #run(
    signal: AbortSignal,
    options: { readonly questions: number; readonly split: 'dev' | 'test'; readonly seed: number },
    onProgress: (done: number, total: number) => void,
  ): Promise<Outcome<EvalReport>> {
    const { catalogue, clock, council } = this.#ports;
    const about = await council.about(signal);
    if (!about.ok) return about;
    const set = await catalogue.questions(signal, options.split);
    if (!set.ok) return set;
    const roster = await council.roster(signal);
    if (!roster.ok) return roster;
    // A yes to one question is no yes to hundreds: nothing is sent away here.
    const isLocal = ({ backend }: Pick<AbsentMember, 'backend'>): boolean => backend !== 'remote';
    const members = roster.value.ready.filter(isLocal);
    const absent = roster.value.absent.filter(isLocal);
    if (absent[0] !== undefined) return err(failure('council-unavailable', { cause: absent[0].error }));
    if (members.length === 0) return err(failure('council-unavailable', { cause: 'consent-required' }));
    const questions = set.value.questions.slice(0, options.questions);
    const startedMs = clock.nowMs();
    const ballots: RecordedBallot[] = [];
    for (const question of questions) {
      const votes = await Promise.all(
        members.map((member) => this.#hear(signal, member, question, about.value.abstain, options.seed)),
      );
      if (signal.aborted) return err(failure('cancelled'));
      const failed = votes.find((vote) => !vote.ok);
      if (failed !== undefined && !failed.ok) return failed;
      ballots.push({ question, votes: votes.flatMap((vote) => (vote.ok ? [vote.value] : [])) });
      onProgress(ballots.length, questions.length);
    }
    return ok(
      evaluate({
        split: options.split,
        questionSetSha256: set.value.sha256,
        seed: options.seed,
        wallMs: clock.nowMs() - startedMs,
        members: members.map(({ id, accuracy }) => ({ id, devAccuracy: accuracy })),
        ballots,
        canonicalKey,
        plurality: pluralityWinner,
      }),
    );
  }

  /** One member's answer, asked exactly as in a round: the kind is read from the question's words, not from the set. */
  async #hear(
    signal: AbortSignal,
    member: CouncilMember,
    question: Question,
    abstain: string,
    seed: number,
  ): Promise<Outcome<RecordedVote>> {
    const shape = answerShape(question.prompt, abstain);
    const generated = await member.engine.generate(
      signal,
      memberRequest(member, { prompt: question.prompt, shape, abstain, seed }),
      () => undefined,
    );
    if (!generated.ok) return generated;
    const { text, completionTokens } = generated.value;
    const abstained = isAbstention(text, abstain);
    return ok({
      memberId: member.id,
      text,
      key: abstained ? null : canonicalKey(question.kind, text),
      tokens: completionTokens,
      abstained,
      arrival: this.#ports.clock.nowMs(),
    });
  }
}
