import type { HORIZONS, Projection } from '#contracts/scalability';
import type { Budget, CapacityPlan, FORMULAS, Goal, PlanCheck, PlanMember } from '#contracts/plan';
import { timeEstimate } from '../estimate-words.ts';
import { count, duration, fileSize, memorySize, percent, plain, plural, significant } from '../quantities.ts';
import type { BudgetName } from './budget-rows.ts';

const NBSP = '\u00a0';

/** From the quickest to the best. */
export const GOAL_ORDER: readonly Goal[] = ['speed', 'balanced', 'quality'];

export const GOAL_WORDS: Readonly<Record<Goal, { readonly label: string; readonly meaning: string }>> = {
  speed: { label: 'Speed', meaning: 'The soonest answer that a council of several members gives here.' },
  balanced: { label: 'Balanced', meaning: 'Better members than for speed, while the answer stays quick.' },
  quality: { label: 'Quality', meaning: 'The best council whose answer comes in bearable time.' },
};

export const FORMULA_WORDS: Readonly<Record<(typeof FORMULAS)[number], string>> = {
  cpu: 'Reckoned for the processor',
  gpu: 'Reckoned for the graphics card',
  'several-gpus': 'Reckoned for several graphics cards',
  remote: 'Reckoned for servers',
};

export const BUDGET_WORDS: Readonly<Record<BudgetName, string>> = {
  system: 'System and other programs',
  page: 'Browser and this page',
  engine: 'Engines',
  weights: 'Weights of the models',
  cache: 'Context (keys and values)',
  scratch: 'Working space',
  reserve: 'Reserve, kept free',
  free: 'Free',
};

export const SOURCE_WORDS: Readonly<Record<Budget['source'], string>> = {
  hint: 'The total is the browser’s rounded hint.',
  floor: 'The browser tells of at least this much; there may be more.',
  assumed: 'The browser tells nothing of the memory, so a small device is assumed.',
  typed: 'The total is what you chose.',
};

const ENGINE_WORDS: Readonly<Record<PlanMember['engine'], string>> = {
  starter: 'Starter model',
  wllama: 'wllama',
  'web-llm': 'WebLLM',
  remote: 'Server',
};

const BACKEND_WORDS: Readonly<Record<PlanMember['backend'], string>> = {
  cpu: 'processor',
  webgpu: 'graphics card',
  remote: 'your server',
  browser: 'the browser itself',
};

/** "wllama on the processor, 2 threads". */
export function whereWords({ engine, backend, threads }: PlanMember): string {
  const place =
    backend === 'cpu' || backend === 'webgpu' ? `the ${BACKEND_WORDS[backend]}` : BACKEND_WORDS[backend];
  const on = engine === 'remote' ? ENGINE_WORDS.remote : `${ENGINE_WORDS[engine]} on ${place}`;
  return backend === 'cpu' ? `${on}, ${plural(threads, 'thread')}` : on;
}

export function fetchWords(downloadBytes: number | null): string {
  if (downloadBytes === null) return 'Size not told';
  return downloadBytes === 0 ? 'Nothing, it is here' : fileSize(downloadBytes);
}

/** "measured here on 240 questions: right in 91 % (87 to 94)", "right in 71 % of held-out questions", "score 41.2 in public rankings". */
export function meritWords({ accuracy, measured, score }: PlanMember): string {
  if (accuracy !== null && measured !== undefined) {
    const [low, high] = measured.ci95.map((share) => count(share * 100));
    const right = `right in ${percent(accuracy)} (${low ?? ''} to ${high ?? ''})`;
    return `measured here on ${plural(measured.questions, 'question')}: ${right}`;
  }
  if (accuracy !== null) return `right in ${percent(accuracy)} of held-out questions`;
  return score === null ? '' : `score ${significant(score)} in public rankings, not measured here`;
}

/** "An answer of 4.7 tokens took 62 ms here, 19 of 20 at most 140 ms, …"; null where it was not measured. */
export function answerWords({ measured }: PlanMember): string | null {
  if (measured === undefined || measured.answerMs === null) return null;
  const { p50, p95 } = measured.answerMs;
  const size = `${plain(measured.tokens)}${NBSP}tokens`;
  return `An answer of ${size} took ${duration(p50)} here, 19 of 20 at most ${duration(p95)}, while all members answered`;
}

/** "1.2 GB are still to be fetched." */
export function stillToFetch(members: readonly PlanMember[]): string {
  const bytes = members.reduce((sum, { downloadBytes }) => sum + (downloadBytes ?? 0), 0);
  const untold = members.filter(({ downloadBytes }) => downloadBytes === null).length;
  const more = untold === 0 ? '' : ` The size of ${plural(untold, 'more model')} is not told.`;
  if (bytes > 0) return `${fileSize(bytes)} are still to be fetched.${more}`;
  return untold === 0 ? 'Nothing is to be fetched: all of it is on this device.' : more.trim();
}

/** Feedback: what earlier answers changed in the figures; null where they changed nothing. */
export function correctionWords(correction: number): string | null {
  const off = percent(Math.abs(correction - 1));
  if (off === percent(0)) return null;
  return `Earlier answers on this device were ${off} ${correction < 1 ? 'slower' : 'faster'} than predicted; all speeds here are corrected by that.`;
}

export const CHECK_WORDS: Readonly<Record<PlanCheck['name'], string>> = {
  memory: 'Memory',
  'graphics-memory': 'Memory on the graphics card (VRAM)',
  'engine-memory': 'Memory of one engine',
  storage: 'Room for downloads',
  latency: 'Time of an answer',
  'first-token': 'Time to first token',
  seats: 'Seats',
  families: 'Different families',
  pace: 'Pace of reading',
};

export const METRIC_WORDS: Readonly<Record<CapacityPlan['thresholds'][number]['metric'], string>> = {
  'tokens-per-second': 'Speed',
  'first-token': 'Time to first token',
  'frame-interval': 'Time between two frames',
  memory: 'Memory in use',
  queue: 'Questions waiting',
};

/** Units that are counted things, of one. */
const ONE: Readonly<Record<string, string>> = {
  families: 'family',
  members: 'member',
  seats: 'seat',
  questions: 'question',
};

/** A figure in the unit that comes with it. */
export function inUnit(value: number, unit: string): string {
  if (unit === 'bytes') return memorySize(value);
  if (unit === 'ms') return value < 1000 ? duration(value) : `${plain(value / 1000)}${NBSP}s`;
  if (unit === 'share') return percent(value);
  const shown = Number.isInteger(value) ? count(value) : significant(value);
  return unit === '' ? shown : `${shown}${NBSP}${value === 1 ? (ONE[unit] ?? unit) : unit}`;
}

/** Checks of something of which there should be enough. */
const MINIMA: ReadonlySet<PlanCheck['name']> = new Set(['seats', 'families', 'pace']);

/** "6.2 GiB, at most 8 GiB"; empty where neither is known. Which of the two a limit is shows in how the check ended. */
export function checkFigures({ name, pass, figure, limit, unit }: PlanCheck): string {
  const shown = figure === null ? [] : [inUnit(figure, unit)];
  if (limit === null) return shown.join('');
  const atLeast = figure === null || figure === limit ? MINIMA.has(name) : pass === figure > limit;
  return [...shown, `${atLeast ? 'at least' : 'at most'} ${inUnit(limit, unit)}`].join(', ');
}

/** "3 of 4 checks pass". */
export function checkSummary(checks: readonly PlanCheck[]): string {
  const failing = checks.filter(({ pass }) => !pass).length;
  if (failing === 0) return `All ${plural(checks.length, 'check')} pass`;
  return `${count(failing)} of ${plural(checks.length, 'check')} ${failing === 1 ? 'does' : 'do'} not pass`;
}

export interface LeftOutGroup {
  readonly because: string;
  readonly names: readonly string[];
}

/** Models that were left out for the same reason stand together. */
export function leftOutGroups(leftOut: CapacityPlan['leftOut']): readonly LeftOutGroup[] {
  const groups = new Map<string, string[]>();
  for (const { name, because } of leftOut) groups.set(because, [...(groups.get(because) ?? []), name]);
  return [...groups].map(([because, names]) => ({ because, names }));
}

/** What another device would change, in one line. */
export function differenceWords(here: CapacityPlan, other: CapacityPlan): string {
  const members = `${plural(other.members.length, 'member')} instead of ${count(here.members.length)}`;
  const [then, now] = [other.expected.answerMs, here.expected.answerMs];
  if (then === null || now === null) return `${members}; times of an answer cannot be compared.`;
  return `${members}; all have answered after ${timeEstimate(then)} instead of ${timeEstimate(now)}.`;
}

/** Closer than this to today is no difference that anybody could tell. */
const SAME = 0.005;

/** "1.49 times as fast". */
export function speedupWords({ kind, speedup }: Projection): string {
  if (kind === 'today') return 'This is today';
  if (speedup === null) return 'Not known';
  return Math.abs(speedup - 1) < SAME ? 'As fast as today' : `${significant(speedup)}${NBSP}times as fast`;
}

export const BOUND_WORDS: Readonly<Record<Projection['bound'], string>> = {
  memory: 'How much memory there is',
  bandwidth: 'How fast memory is read',
  compute: 'How fast it computes',
  serial: 'What cannot be shared out',
  queue: 'Questions that wait',
  unknown: 'Not known',
};

export const HORIZON_WORDS: Readonly<Record<(typeof HORIZONS)[number], string>> = {
  now: 'Now',
  medium: 'Medium term',
  long: 'Long term',
  risk: 'Risks',
};
