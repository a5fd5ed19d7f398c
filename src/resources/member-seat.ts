import type { CouncilMember } from '#contracts/council';
import type { Engine, LoadedModel } from '#contracts/engine';
import type { Compute } from '#contracts/leases';
import { computeOf, plannedBackend, type MemberRung, type MemberSpec } from './member-spec.ts';

export interface Sitting {
  /** Null: it loads when it is asked. */
  readonly loaded: LoadedModel | null;
  readonly engine: Engine;
  readonly restarts: () => number;
}

/** A member as a round is given it. @param rung the one that it stands on */
export function seatOf(
  spec: MemberSpec,
  rung: MemberRung,
  { loaded, engine, restarts }: Sitting,
): CouncilMember {
  const { id, name, manner } = spec;
  const backend = loaded?.backend ?? plannedBackend(rung);
  const of = computeOf(spec, backend);
  const threads = loaded?.threads ?? rung.load.threads;
  return {
    id,
    name,
    backend,
    engine,
    accuracy: rung.accuracy?.dev ?? 0, // unknown wins no tie against measured
    load: rung.load,
    restarts,
    ...(manner === undefined ? {} : { manner }),
    ...(of === null ? {} : { compute: { of, units: of === 'card' ? 1 : Math.max(1, threads) } }),
    ...(loaded === null ? { asleep: true } : {}),
  };
}

/** What a member takes of whose memory. */
export interface MemoryDemand {
  readonly of: Compute;
  readonly bytes: number;
}

/** Null where it is next to nothing, or nobody knows. */
export function demandOf(
  spec: MemberSpec,
  rung: MemberRung,
  loaded: LoadedModel | null,
): MemoryDemand | null {
  const of = computeOf(spec, loaded?.backend ?? plannedBackend(rung));
  const { memoryBytes } = rung;
  return of === null || memoryBytes === undefined ? null : { of, bytes: memoryBytes };
}
