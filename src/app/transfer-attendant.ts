import { whatHappened, whatNext } from '#contracts/error-messages';
import type { Outcome } from '#contracts/errors';
import type { ModelActivity, ModelReceipt } from '#contracts/models';
import type { AppBadge } from '../platform/app-badge.ts';

export interface TransferAttendantPorts {
  /** Each null where the browser has none. */
  readonly wakeLock: { want(wanted: boolean): void } | null;
  readonly badge: AppBadge | null;
  readonly notices: { tell(title: string, body: string): Promise<void> };
  readonly visible: () => boolean;
}

/** The largest that the badge shows: a hundred would be the end, and then there is none. */
const MOST_PERCENT = 99;

const isTransfer = ({ phase }: ModelActivity): boolean => phase !== 'verify';
/** A screen that stays on all night because there is no network helps nobody. */
const moves = ({ waiting }: ModelActivity): boolean => waiting?.for !== 'network';

/** Of all together; 0 while nobody knows how much it is. */
function percentOf(transfers: readonly ModelActivity[]): number {
  const sum = (bytes: (progress: ModelActivity) => number | null): number =>
    transfers.reduce((total, progress) => total + (bytes(progress) ?? Number.NaN), 0);
  const share = sum(({ doneBytes }) => doneBytes) / sum(({ totalBytes }) => totalBytes);
  return Number.isFinite(share) ? Math.min(MOST_PERCENT, Math.floor(100 * share)) : 0;
}

/** While models are brought in: keeps the screen on, shows on the app's icon how far it is, and tells of the end. */
export class TransferAttendant {
  readonly #ports: TransferAttendantPorts;
  /** What the badge shows by this tab's doing; null when nothing. */
  #shown: number | null = null;

  constructor(ports: TransferAttendantPorts) {
    this.#ports = ports;
    // One that a tab left behind which was killed; tabs that are at work show theirs again with their next step.
    ports.badge?.clear();
  }

  /** @param activity what is under way in all tabs: the badge is the app's, not the tab's */
  changed(activity: readonly ModelActivity[]): void {
    const transfers = activity.filter(isTransfer);
    const here = transfers.filter((progress) => progress.here);
    this.#ports.wakeLock?.want(here.some(moves));
    if (here.length > 0) this.#show(percentOf(transfers));
    else this.#clear(transfers.length > 0);
  }

  /** A download of this tab is over. @param name of the model, as people know it */
  downloadEnded(name: string, outcome: Outcome<ModelReceipt>): void {
    if (this.#ports.visible()) return;
    if (outcome.ok) void this.#ports.notices.tell(`${name} is on this device`, 'It is complete and proved.');
    // Whoever paused it knows.
    else if (outcome.error.code !== 'cancelled')
      void this.#ports.notices.tell(
        `${name} broke off`,
        `${whatHappened(outcome.error)} ${whatNext(outcome.error)}`,
      );
  }

  /** The page goes away, and what it did with it. */
  leave(): void {
    this.#clear(false);
  }

  #show(percent: number): void {
    if (percent === this.#shown) return;
    this.#shown = percent;
    this.#ports.badge?.show(percent);
  }

  /** @param others another tab is at work: then the badge is its */
  #clear(others: boolean): void {
    if (this.#shown !== null && !others) this.#ports.badge?.clear();
    this.#shown = null;
  }
}
