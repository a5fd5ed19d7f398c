import type { ResponseCacheStats } from '#contracts/response-cache';
import { count, fileSize, percent, plural, whenLong } from './quantities.ts';

/** "42 answers are kept: 97 kB." */
export function keptLine({ enabled, entries, bytes, persistent }: ResponseCacheStats): string {
  if (!enabled) return 'None is kept: every question is asked.';
  if (entries === 0) return 'None is kept yet.';
  const kept = `${plural(entries, 'answer')} ${entries === 1 ? 'is' : 'are'} kept: ${fileSize(bytes)}.`;
  return persistent ? kept : `${kept} This window keeps no data, so they end with this tab.`;
}

/** "Since 5 January 2026, 09:30: 3 of 12 questions were answered from them (25 %)." */
export function hitLine({ hits, misses, shared, bypassed, sinceMs }: ResponseCacheStats): string {
  const asked = hits + misses + shared + bypassed;
  const since = `Since ${whenLong(sinceMs)}`;
  if (asked === 0) return `${since}: no question yet.`;
  const answered = `${since}: ${count(hits)} of ${plural(asked, 'question')} answered from them (${percent(hits / asked)})`;
  return bypassed === 0 ? `${answered}.` : `${answered}; ${count(bypassed)} could not be, or were not to be.`;
}
