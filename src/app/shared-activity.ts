import type { Clock } from '#kernel/clock';
import type { ModelActivity, ModelProgress } from '#contracts/models';

/** The part of `BroadcastChannel` used here. */
export interface ActivityChannel {
  postMessage(message: ActivityMessage): void;
  onmessage: ((event: MessageEvent<ActivityMessage>) => void) | null;
}

/** Between the tabs of this origin. `changed`: look at the store again. */
export type ActivityMessage =
  | { readonly type: 'progress'; readonly progress: ModelProgress }
  | { readonly type: 'ended'; readonly modelId: string }
  /** To the tab that does it: stop. */
  | { readonly type: 'pause'; readonly modelId: string }
  | { readonly type: 'changed' };

/** While a server makes it wait there is no progress to tell; a tab says all the same that it is still at it. */
const REPEAT_MS = 3_000;
/** A tab in the background hears at once, unless the browser has frozen it; then it does not fetch either. */
const PAUSE_ALLOWED_MS = 10_000;
/** Timers of a tab in the background are slow: once a second, later once a minute. */
const SILENCE_ALLOWED_MS = 70_000;

/** What is being done to the models of the store, in this tab and, as these tell of it, in others. */
export class SharedActivity {
  readonly #clock: Clock;
  readonly #channel: ActivityChannel | null;
  readonly #here = new Map<string, ModelProgress>();
  readonly #elsewhere = new Map<string, { readonly progress: ModelProgress; readonly cancel: () => void }>();
  readonly #listeners = new Set<() => void>();
  #repeating = false;
  /** Told when another tab asks for the end of work that is done here. */
  onPauseAsked: (modelId: string) => void = () => undefined;

  /** @param channel null where the browser has none: then this tab knows of itself alone */
  constructor(clock: Clock, channel: ActivityChannel | null) {
    this.#clock = clock;
    this.#channel = channel;
    if (channel !== null) {
      channel.onmessage = ({ data }) => {
        this.#hear(data);
      };
    }
  }

  /** Of this tab first: a model is worked on by one tab at a time. */
  all(): readonly ModelActivity[] {
    const here = [...this.#here.values()].map((progress) => ({ ...progress, here: true }));
    const others = [...this.#elsewhere.values()]
      .filter(({ progress }) => !this.#here.has(progress.modelId))
      .map(({ progress }) => ({ ...progress, here: false }));
    return [...here, ...others];
  }

  progress(progress: ModelProgress): void {
    this.#here.set(progress.modelId, progress);
    this.#channel?.postMessage({ type: 'progress', progress });
    this.#repeatLater();
    this.#tell();
  }

  /** The work on a model is over, however it ended. */
  ended(modelId: string): void {
    this.#here.delete(modelId);
    this.#channel?.postMessage({ type: 'ended', modelId });
    this.#tell();
  }

  /** The store changed without any work that took long. */
  changed(): void {
    this.#channel?.postMessage({ type: 'changed' });
    this.#tell();
  }

  /** Whether another tab works on the model, and this one does not. */
  isElsewhere(modelId: string): boolean {
    return !this.#here.has(modelId) && this.#elsewhere.has(modelId);
  }

  /** Asks the other tab to stop. @returns whether it has; false when it does not hear within ten seconds */
  askToPause(modelId: string): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (paused: boolean): void => {
        leave();
        cancel();
        resolve(paused);
      };
      const leave = this.subscribe(() => {
        if (!this.isElsewhere(modelId)) settle(true);
      });
      const cancel = this.#clock.after(PAUSE_ALLOWED_MS, () => {
        settle(false);
      });
      this.#channel?.postMessage({ type: 'pause', modelId });
      if (!this.isElsewhere(modelId)) settle(true);
    });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #repeatLater(): void {
    if (this.#repeating || this.#channel === null) return;
    this.#repeating = true;
    this.#clock.after(REPEAT_MS, () => {
      this.#repeating = false;
      if (this.#here.size === 0) return;
      for (const progress of this.#here.values()) this.#channel?.postMessage({ type: 'progress', progress });
      this.#repeatLater();
    });
  }

  #hear(message: ActivityMessage): void {
    if (message.type === 'pause') {
      if (this.#here.has(message.modelId)) this.onPauseAsked(message.modelId);
      return;
    }
    if (message.type !== 'changed') {
      const modelId = message.type === 'ended' ? message.modelId : message.progress.modelId;
      this.#elsewhere.get(modelId)?.cancel();
      this.#elsewhere.delete(modelId);
      if (message.type === 'progress') {
        const cancel = this.#clock.after(SILENCE_ALLOWED_MS, () => {
          this.#elsewhere.delete(modelId);
          this.#tell();
        });
        this.#elsewhere.set(modelId, { progress: message.progress, cancel });
      }
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
