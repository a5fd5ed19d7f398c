import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { MemberView, Roster } from '#contracts/council';
import type { Pacing } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import type { StarterMember } from '#contracts/starter';
import { ManagedMember, type MemberLaunch } from './managed-member.ts';

export interface CouncilManagerPorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  /** Makes worker and engine of a member and tells when the worker is lost. */
  readonly launch: MemberLaunch;
  /** Absolute URL of a bundled model file. */
  readonly urlOf: (file: string) => string;
  /** CPU threads to divide among the members; 1 where the page is not isolated. */
  readonly threads: () => number;
  readonly onChange: (members: readonly MemberView[]) => void;
}

/** The loss of a worker is counted where it is noticed. */
function isLoss(problem: WitanFailure | null): boolean {
  return problem?.code === 'worker-lost' || problem?.code === 'worker-silent';
}

/** Owns the life of every member: loading, loss, restart, pacing. The one owner of the inference workers. */
export class CouncilManager {
  readonly #ports: CouncilManagerPorts;
  #members: readonly ManagedMember[] = [];
  #failed: ReadonlySet<string> = new Set();

  constructor(ports: CouncilManagerPorts) {
    this.#ports = ports;
  }

  views(): readonly MemberView[] {
    return this.#members.map((member) => member.view());
  }

  /** Names the council. Called once, before `prepare`. */
  appoint(members: readonly StarterMember[]): void {
    const threads = Math.max(1, Math.floor(this.#ports.threads() / members.length));
    this.#members = members.map(
      (member) =>
        new ManagedMember(
          { starter: member, url: this.#ports.urlOf(member.file), threads },
          this.#ports.clock,
          this.#ports.launch,
          () => {
            this.#changed();
          },
        ),
    );
    this.#changed();
  }

  /**
   * Brings every member that is absent into memory, all at once; members that failed before are tried again. Resolves
   * when all have settled.
   * Errors: council-unavailable when not one member is ready.
   */
  async prepare(signal: AbortSignal): Promise<Outcome<Roster>> {
    await Promise.all(this.#members.map((member) => member.prepare(signal)));
    const ready = this.#members.flatMap((member) => member.ready() ?? []);
    if (ready.length > 0)
      return ok({ ready, absent: this.#members.flatMap((member) => member.absent() ?? []) });
    if (signal.aborted) return err(failure('cancelled'));
    const problem = this.views().find((view) => view.problem !== null)?.problem;
    return err(failure('council-unavailable', { cause: problem?.code ?? 'none' }));
  }

  /** Replaces the worker of one member. Errors: member-unknown, and those of loading. */
  async restart(memberId: string): Promise<Outcome<MemberView>> {
    const member = this.#members.find((candidate) => candidate.id === memberId);
    if (member === undefined) return err(failure('member-unknown', { member: memberId }));
    return member.restart();
  }

  setPacing(pacing: Pacing): void {
    for (const member of this.#members) member.setPacing(pacing);
  }

  /** Shows a member as thinking while it has a part in a round. */
  setThinking(memberId: string, thinking: boolean): void {
    this.#members.find((member) => member.id === memberId)?.setThinking(thinking);
  }

  async unloadAll(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.unload()));
  }

  #changed(): void {
    const views = this.views();
    const up = views.filter((view) => view.state === 'ready' || view.state === 'thinking');
    const failed = views.filter((view) => view.state === 'failed');
    const anew = failed.filter(({ id, problem }) => !this.#failed.has(id) && !isLoss(problem));
    this.#failed = new Set(failed.map((view) => view.id));
    if (anew.length > 0) this.#ports.metrics.add('errors', anew.length);
    this.#ports.metrics.set('membersReady', up.length);
    this.#ports.metrics.set('membersThinking', views.filter((view) => view.state === 'thinking').length);
    this.#ports.metrics.set('memory', up.reduce((sum, view) => sum + view.sizeBytes, 0) / 1024);
    this.#ports.onChange(views);
  }
}
