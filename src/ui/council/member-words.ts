import { failure, type WitanFailure } from '#contracts/errors';
import { isErrorCode, whatHappened, whatNext } from '#contracts/error-messages';
import type { MemberState, MemberView } from '#contracts/council';
import type { MemberOutcome, MemberStatus } from '#contracts/deliberation';
import type { Backend, WaitsFor } from '#contracts/engine';
import { count, plural } from '../quantities.ts';

/** quiet: nothing happens · busy: at work · done: its part is finished · bad: something needs a look. */
export type Tone = 'quiet' | 'busy' | 'done' | 'bad';

export interface StateWords {
  readonly text: string;
  readonly tone: Tone;
}

const IDLE: Readonly<Record<MemberState, StateWords>> = {
  absent: { text: 'Not loaded yet', tone: 'quiet' },
  loading: { text: 'Loading', tone: 'busy' },
  ready: { text: 'Ready', tone: 'quiet' },
  thinking: { text: 'Thinking', tone: 'busy' },
  restarting: { text: 'Restarting', tone: 'busy' },
  failed: { text: 'Failed', tone: 'bad' },
};

const ENDED: Readonly<Record<MemberStatus, StateWords>> = {
  answered: { text: 'Answered', tone: 'done' },
  abstained: { text: 'No answer', tone: 'quiet' },
  cut: { text: 'Stopped, vote decided', tone: 'quiet' },
  late: { text: 'Answered late', tone: 'quiet' },
  timeout: { text: 'Out of time', tone: 'bad' },
  lost: { text: 'Lost', tone: 'bad' },
  stopped: { text: 'Stopped by you', tone: 'quiet' },
  failed: { text: 'Failed', tone: 'bad' },
};

/** Others have what it needs; said short, for a card is narrow. */
const WAITING: Readonly<Record<WaitsFor, string>> = {
  replica: 'Waits, busy with another question',
  rate: 'Waits, asked often enough for now',
  memory: 'Waits for memory',
  card: 'Waits for the graphics card',
  processor: 'Waits for the processor',
};

/** What a member's part in the round on screen looks like from outside. */
export interface PartState {
  readonly started: boolean;
  readonly waitsFor?: WaitsFor | null;
  readonly tokens: number;
  readonly outcome: MemberOutcome | null;
}

/** Not on this device, and nothing is fetched without the user's yes. */
export const WAITS: StateWords = { text: 'Waits for your yes', tone: 'quiet' };
const LOST_RESTARTING: StateWords = { text: 'Lost, restarting', tone: 'bad' };

/** Its worker was lost under the question, which was then put to the next; null when nothing of that kind happened. */
function cameBack({ status, restarts = 0 }: MemberOutcome): StateWords | null {
  if (restarts === 0) return null;
  const ended = ENDED[status];
  return { text: `Lost, came back. ${ended.text}`, tone: ended.tone };
}

/**
 * The state word of a card.
 * @param state null in a record of the past
 * @param part null when the member takes no part in what is shown
 */
export function stateWords(state: MemberState | null, part: PartState | null): StateWords {
  if (part === null) return state === null ? ENDED.failed : IDLE[state];
  const { outcome } = part;
  if (outcome === null) {
    if (state === 'restarting' && part.started) return LOST_RESTARTING;
    if (state === 'restarting' || state === 'failed' || state === 'loading') return IDLE[state];
    if (!part.started) return { text: 'Waiting', tone: 'quiet' };
    if (part.waitsFor != null) return { text: WAITING[part.waitsFor], tone: 'quiet' };
    return { text: part.tokens === 0 ? 'Reading' : 'Writing', tone: 'busy' };
  }
  if (outcome.status !== 'lost') return cameBack(outcome) ?? ENDED[outcome.status];
  if (state === 'restarting' || state === 'loading') return LOST_RESTARTING;
  return state === 'ready' ? { text: 'Lost, ready again', tone: 'bad' } : ENDED.lost;
}

const BACKENDS: Readonly<Record<Backend, string>> = {
  cpu: 'CPU',
  webgpu: 'GPU',
  remote: 'Remote',
  browser: 'Browser’s own model',
};

/** "CPU, 2 threads"; threads are left out until they are known. */
export function backendWords(backend: Backend, threads: number | null): string {
  return threads === null ? BACKENDS[backend] : `${BACKENDS[backend]}, ${plural(threads, 'thread')}`;
}

/** What a member is now instead of what was chosen, and why; null while it is that. */
export function fallbackWords(view: MemberView | null): string | null {
  if (view?.fallback === undefined) return null;
  const { because, changes, chosen, now, contextTokens } = view.fallback;
  const reason =
    because === 'died-while-loading'
      ? `Loading ${chosen} ended this page the last time.`
      : whatHappened(failure(because, { model: chosen, member: chosen }));
  const instead = changes.includes('model')
    ? `It is ${now} now.`
    : `It runs smaller now, with ${count(contextTokens)} tokens of context.`;
  return `${reason.includes('{') ? '' : `${reason} `}${instead}`;
}

/** The failure to show on a card: the member's own, or the one its part in the round ended with. */
export function memberProblem(view: MemberView | null, outcome: MemberOutcome | null): WitanFailure | null {
  if (view?.problem != null && (view.state === 'failed' || outcome === null)) return view.problem;
  if (outcome?.error === undefined || !isErrorCode(outcome.error)) return null;
  if (view?.problem?.code === outcome.error) return view.problem;
  const told = failure(outcome.error, { member: outcome.name, model: outcome.name });
  // A record keeps the code, not the figures: a text that needs them would show its gaps.
  return `${whatHappened(told)}${whatNext(told)}`.includes('{') ? null : told;
}

/** A member that ended badly can be started again; one that restarts by itself needs no button. */
export function canRestart(state: MemberState | null, outcome: MemberOutcome | null): boolean {
  return state === 'failed' || (state === 'absent' && outcome?.status === 'lost');
}
