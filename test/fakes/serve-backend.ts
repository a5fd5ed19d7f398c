import { ok } from '#kernel/result';
import type { MemberView } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import type { Generation } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { MemberAnswer } from '#contracts/ports';
import type {
  Backend,
  BackendState,
  CouncilQuestion,
  MemberQuestion,
  RoundNews,
} from '../../tools/witan/serve/backend.ts';
import { deliberation, memberView } from './port-data.ts';

type Ask = (
  signal: AbortSignal,
  question: CouncilQuestion,
  onNews: (news: RoundNews) => void,
) => Promise<Outcome<Deliberation>>;
type Generate = (
  signal: AbortSignal,
  question: MemberQuestion,
  onText: (text: string) => void,
) => Promise<Outcome<MemberAnswer>>;

export function generation(text: string, change: Partial<Generation> = {}): Generation {
  return {
    text,
    finish: 'stop',
    promptTokens: 18,
    completionTokens: text.length,
    timeToFirstTokenMs: 20,
    prefillTokensPerSecond: 900,
    decodeTokensPerSecond: 50,
    durationMs: 60,
    ...change,
  };
}

/** A council that does as it is told; unless told, it says 85 at once. */
export class FakeBackend implements Backend {
  state: BackendState = 'ready';
  views: readonly MemberView[] = ['alder', 'birch'].map((id) => memberView(id, { state: 'ready' }));
  readonly questions: CouncilQuestion[] = [];
  readonly requests: MemberQuestion[] = [];
  onAsk: Ask = () => Promise.resolve(ok(deliberation()));
  onGenerate: Generate = (_signal, _question, onText) => {
    for (const piece of '85') onText(piece);
    return Promise.resolve(ok({ generation: generation('85'), leftOut: [] }));
  };

  members(): readonly MemberView[] {
    return this.views;
  }

  ask(...[signal, question, onNews]: Parameters<Ask>): ReturnType<Ask> {
    this.questions.push(question);
    return this.onAsk(signal, question, onNews);
  }

  generate(...[signal, question, onText]: Parameters<Generate>): ReturnType<Generate> {
    this.requests.push(question);
    return this.onGenerate(signal, question, onText);
  }
}

/** Settles when the signal aborts: how the page answers a stop. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
