import type { MemberChange, MemberFallback } from '#contracts/council';
import { plannedBackend, type MemberRung } from './member-spec.ts';

/** In what `now` differs from `chosen`, most important first. */
export function rungChanges(chosen: MemberRung, now: MemberRung): readonly MemberChange[] {
  const changes: MemberChange[] = [];
  const sameModel = now.model === chosen.model;
  if (!sameModel) changes.push('model');
  if (plannedBackend(now) !== plannedBackend(chosen)) changes.push('backend');
  if (sameModel && now.sizeBytes > 0 && now.sizeBytes !== chosen.sizeBytes) changes.push('quantization');
  if (now.load.contextTokens !== chosen.load.contextTokens) changes.push('context');
  if (now.engine !== chosen.engine) changes.push('engine');
  return changes;
}

/** What the user must be told of a member that stands on `now`; null where it is what was chosen. */
export function fallbackOf(
  chosen: MemberRung,
  now: MemberRung,
  because: MemberFallback['because'],
): MemberFallback | null {
  const changes = rungChanges(chosen, now);
  if (changes.length === 0) return null;
  return {
    because,
    changes,
    chosen: chosen.load.model.name,
    now: now.load.model.name,
    contextTokens: now.load.contextTokens,
  };
}
