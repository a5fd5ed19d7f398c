import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { CreateOptions, LanguageModelSession, LanguageModelStatic } from './language-model.ts';
import { promptApiFailure } from './prompt-api-errors.ts';

/**
 * Silence after which making a session is given up: a download of gigabytes may pause, but not for ever. The browser
 * keeps what it has fetched, and the next try goes on from there.
 */
const CREATE_SILENCE_MS = 300_000;

export interface SessionOpening {
  readonly languageModel: LanguageModelStatic;
  readonly options: Omit<CreateOptions, 'signal' | 'monitor'>;
  readonly clock: Clock;
  /** Name of the model, for errors. */
  readonly model: string;
  /** Share of the download that is here, 0..1. */
  readonly onProgress: (share: number) => void;
}

/** A session and its end. */
export interface OpenSession {
  readonly session: LanguageModelSession;
  close(): void;
}

/** Destroys what it can; a session whose process is gone may throw. */
export function destroyQuietly(session: LanguageModelSession): void {
  try {
    session.destroy();
  } catch {
    // It is gone already.
  }
}

/**
 * Makes a session, and the browser's download of its model with it where that is needed. `create()` is called before
 * anything is awaited: a download needs the click that led here. Settles on abort and on silence whatever the browser
 * does; a session that comes after that is destroyed.
 * Errors: consent-required, engine-unavailable, model-fetch-failed, model-load-failed, context-exceeded,
 * deadline-exceeded, cancelled.
 */
export function openSession(signal: AbortSignal, opening: SessionOpening): Promise<Outcome<OpenSession>> {
  const { languageModel, options, clock, model, onProgress } = opening;
  if (signal.aborted) return Promise.resolve(err(failure('cancelled', { model })));
  // The API destroys a finished session when the signal of its making aborts; the caller's may abort long after.
  const making = new AbortController();
  return new Promise((resolve) => {
    let over = false;
    let cancelWatch: () => void = () => undefined;
    const settle = (outcome: Outcome<OpenSession>): void => {
      over = true;
      cancelWatch();
      signal.removeEventListener('abort', onAbort);
      if (!outcome.ok) making.abort();
      resolve(outcome);
    };
    const onAbort = (): void => {
      settle(err(failure('cancelled', { model })));
    };
    const watch = (): void => {
      cancelWatch();
      cancelWatch = clock.after(CREATE_SILENCE_MS, () => {
        settle(err(failure('deadline-exceeded', { model, limitMs: CREATE_SILENCE_MS })));
      });
    };
    const onSession = (session: LanguageModelSession): void => {
      if (over) destroyQuietly(session);
      else settle(ok({ session, close: () => void destroyQuietly(session) }));
    };
    const onError = (thrown: unknown): void => {
      if (!over) settle(err(promptApiFailure(thrown, 'create', model)));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    watch();
    try {
      languageModel
        .create({
          ...options,
          signal: making.signal,
          monitor: (monitor) => {
            monitor.addEventListener('downloadprogress', (event) => {
              if (over) return;
              watch();
              onProgress(event.loaded);
            });
          },
        })
        .then(onSession, onError);
    } catch (thrown) {
      onError(thrown);
    }
  });
}
