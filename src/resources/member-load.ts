import { err } from '#kernel/result';
import type { Engine, LoadedModel, LoadProgress } from '#contracts/engine';
import { failureOf, type Outcome } from '#contracts/errors';
import type { LoadMarks } from './member-ports.ts';
import type { MemberRung, MemberSpec } from './member-spec.ts';

/** Ends an engine without waiting for it: its worker is terminated at once, and nobody minds how that went. */
export function discard(engine: Engine | null): void {
  engine?.unload().catch(() => undefined);
}

/** Bundled models are too small for it, and what runs elsewhere takes no memory of this tab. */
function mayKillTheTab(spec: MemberSpec, rung: MemberRung): boolean {
  return !spec.bundled && (rung.engine === 'wllama' || rung.engine === 'web-llm');
}

/**
 * Loads the rung into a fresh engine. The load is marked before it begins and until it has ended, however it ends, so that
 * a mark found later is that of a tab which did not live to see the end.
 * Errors: those of `Engine.load`, internal.
 */
export async function markedLoad(
  signal: AbortSignal,
  engine: Engine,
  spec: MemberSpec,
  rung: MemberRung,
  marks: LoadMarks,
  onProgress: (progress: LoadProgress) => void,
): Promise<Outcome<LoadedModel>> {
  let unmark = (): void => undefined;
  try {
    if (mayKillTheTab(spec, rung)) unmark = marks.begin(spec.id, rung.id);
    return await engine.load(signal, rung.load, onProgress);
  } catch (thrown) {
    return err(failureOf(thrown));
  } finally {
    unmark();
  }
}
