import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { MemberView, Roster } from '#contracts/council';
import type { LoadedModel, Pacing } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import { DeviceLosses } from './device-losses.ts';
import { ManagedMember } from './managed-member.ts';
import { NO_MARKS, type LoadMarks, type MemberLaunch } from './member-ports.ts';
import type { MemberSpec, SeatedMember } from './member-spec.ts';
import type { MemoryTurns } from './memory-turns.ts';

export interface CouncilManagerPorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  /** Makes worker and engine of a member and tells when the worker is lost. */
  readonly launch: MemberLaunch;
  readonly onChange: (members: readonly MemberView[]) => void;
  /** Where loads under way are marked; absent: nowhere. */
  readonly marks?: LoadMarks;
  /**
   * Who comes into memory in turn; its code comes with the first member of which it is known what it takes. Absent: nobody.
   */
  readonly memoryTurns?: () => Promise<MemoryTurns>;
}

export interface PrepareOptions {
  /**
   * The others are left as they are; unless told, all that run here: to load a member on a server is to call on it, with
   * its key.
   */
  readonly isWanted?: (member: MemberView) => boolean;
  /** None is loaded: each loads when it is asked. */
  readonly asleep?: boolean;
}

/** The loss of a worker is counted where it is noticed. */
function isLoss(problem: WitanFailure): boolean {
  return problem.code === 'worker-lost' || problem.code === 'worker-silent';
}

/**
 * Owns the life of every member: loading, loss, recovery, pacing. The one owner of the inference engines. What to do after
 * a failure is decided in `recovery-ladder.ts`.
 */
export class CouncilManager {
  readonly #ports: CouncilManagerPorts;
  readonly #deviceLosses = new DeviceLosses();
  #members: readonly ManagedMember[] = [];
  #memoryTurns: MemoryTurns | null = null;

  constructor(ports: CouncilManagerPorts) {
    this.#ports = ports;
  }

  views(): readonly MemberView[] {
    return this.#members.map((member) => member.view());
  }

  /** What each member stands on, in the council's order. */
  seated(): readonly SeatedMember[] {
    return this.#members.map(({ seated }) => seated);
  }

  /** What is in memory now, by member: of those that did not come with the page. */
  furtherLoaded(): ReadonlyMap<string, LoadedModel> {
    return new Map(
      this.#members.flatMap((member) => {
        const { bundled, loaded } = member;
        return bundled || loaded === null ? [] : [[member.id, loaded]];
      }),
    );
  }

  /**
   * Makes these, in this order, the council. One that is in it already, unchanged, stays as it is; who is in it no more is
   * unloaded. None is loaded yet.
   * @param deadlyRungs per member id, the rungs that a tab died of while loading them: it begins below those
   */
  appoint(
    specs: readonly MemberSpec[],
    deadlyRungs: ReadonlyMap<string, readonly string[]> = new Map(),
  ): void {
    const before = this.#members;
    this.#members = specs.map(
      (spec) =>
        before.find((member) => member.id === spec.id && member.adopt(spec)) ??
        this.#member(spec, deadlyRungs.get(spec.id)),
    );
    for (const gone of before.filter((member) => !this.#members.includes(member))) void gone.retire();
    this.#changed();
  }

  /**
   * Brings every member that is absent into memory, all at once; members that failed before are tried again, except where
   * that is known to end the same way. Those that memory does not hold all at once are left asleep: they come in when they
   * are asked, in turn. Resolves when all have settled.
   * Errors: council-unavailable when not one member is ready, though some are wanted.
   */
  async prepare(signal: AbortSignal, options: PrepareOptions = {}): Promise<Outcome<Roster>> {
    const { isWanted = ({ backend }) => backend !== 'remote', asleep = false } = options;
    const wanted = this.#members.filter((member) => isWanted(member.view()));
    const crowding = wanted.some(({ demand }) => demand !== null);
    if (crowding) this.#memoryTurns ??= (await this.#ports.memoryTurns?.()) ?? null;
    const inTurn = crowding ? await this.#memoryTurns?.assign(wanted, this.#members) : undefined;
    await Promise.all(
      wanted
        .filter((member) => inTurn?.has(member) !== true && !(asleep && member.view().backend !== 'remote'))
        .map((member) => member.prepare(signal)),
    );
    const wakes = (member: ManagedMember): boolean =>
      inTurn?.has(member) === true || (asleep && wanted.includes(member));
    const ready = this.#members.flatMap((member) => {
      const seat = member.ready(wakes(member));
      const memory = inTurn?.get(member);
      return seat === null ? [] : [memory === undefined ? seat : { ...seat, memory }];
    });
    if (ready.length > 0 || (wanted.length === 0 && this.#members.length > 0))
      return ok({
        ready,
        absent: this.#members.flatMap((member) => member.absent(wakes(member)) ?? []),
      });
    if (signal.aborted) return err(failure('cancelled'));
    const problem = wanted.map((member) => member.view().problem).find((each) => each !== null);
    return err(failure('council-unavailable', { cause: problem?.code ?? 'none' }));
  }

  /** Starts one member over, as it was chosen; one that comes into memory in turn, when it is asked. Errors: member-unknown, and those of loading. */
  async restart(memberId: string): Promise<Outcome<MemberView>> {
    const member = this.#find(memberId);
    if (member === undefined) return err(failure('member-unknown', { member: memberId }));
    // Out of its turn it would take memory that others have been given.
    return this.#memoryTurns?.has(member) === true && member.loaded === null
      ? ok(member.reset())
      : member.restart();
  }

  /** Loads one member with the user's yes to its download. Errors: member-unknown, and those of loading. */
  async download(memberId: string): Promise<Outcome<MemberView>> {
    const member = this.#find(memberId);
    if (member === undefined) return err(failure('member-unknown', { member: memberId }));
    return member.download();
  }

  setPacing(pacing: Pacing): void {
    for (const member of this.#members) member.setPacing(pacing);
  }

  /** Shows a member as thinking while it has a part in a round. */
  setThinking(memberId: string, thinking: boolean): void {
    this.#find(memberId)?.setThinking(thinking);
  }

  async unloadAll(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.unload()));
  }

  #member(spec: MemberSpec, deadlyRungs: readonly string[] | undefined): ManagedMember {
    const { clock, launch, marks, metrics } = this.#ports;
    const ports = {
      clock,
      launch,
      deviceLosses: this.#deviceLosses,
      marks: marks ?? NO_MARKS,
      onChange: () => {
        this.#changed();
      },
      onLoadFailed: (problem: WitanFailure) => {
        if (!isLoss(problem)) metrics.add('errors', 1);
      },
    };
    return new ManagedMember(spec, ports, deadlyRungs);
  }

  #find(memberId: string): ManagedMember | undefined {
    return this.#members.find((member) => member.id === memberId);
  }

  #changed(): void {
    const views = this.views();
    const up = views.filter((view) => view.state === 'ready' || view.state === 'thinking');
    this.#ports.metrics.set('membersReady', up.length);
    this.#ports.metrics.set('membersThinking', views.filter((view) => view.state === 'thinking').length);
    this.#ports.metrics.set('memory', up.reduce((sum, view) => sum + view.sizeBytes, 0) / 1024);
    this.#ports.onChange(views);
  }
}
