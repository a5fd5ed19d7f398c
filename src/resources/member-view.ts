import type { MemberFallback, MemberState, MemberView } from '#contracts/council';
import type { LoadedModel, LoadProgress } from '#contracts/engine';
import type { WitanFailure } from '#contracts/errors';
import { plannedBackend, type MemberRung, type MemberSpec } from './member-spec.ts';
import { fallbackOf } from './rung-changes.ts';

export interface MemberLife {
  readonly state: MemberState;
  readonly loaded: LoadedModel | null;
  readonly restarts: number;
  readonly problem: WitanFailure | null;
  /** Why it stands below the top of its ladder; null at the top. */
  readonly because: MemberFallback['because'] | null;
  readonly progress: LoadProgress | null;
}

/** A member as the page shows it. @param rung the one that it stands on */
export function memberView(spec: MemberSpec, rung: MemberRung, life: MemberLife): MemberView {
  const { state, loaded, restarts, problem, because, progress } = life;
  const fallback = because === null ? null : fallbackOf(spec.rungs[0], rung, because);
  return {
    id: spec.id,
    name: spec.name,
    engine: rung.engine,
    backend: loaded?.backend ?? plannedBackend(rung),
    state,
    parameters: rung.parameters,
    sizeBytes: rung.sizeBytes,
    // Engines that have no threads, or do not tell, say 0.
    threads: loaded === null || loaded.threads === 0 ? null : loaded.threads,
    loadMs: loaded?.loadMs ?? null,
    testAccuracy: rung.accuracy?.test ?? null,
    restarts,
    problem,
    ...(problem?.code === 'consent-required' ? { downloadBytes: spec.rungs[0].sizeBytes } : {}),
    ...(progress === null ? {} : { progress }),
    ...(fallback === null ? {} : { fallback }),
  };
}
