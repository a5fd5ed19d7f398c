import type { NoticesPort, NoticeState } from '#contracts/notices';

/** The part of the Notifications API used here. */
export interface NotificationPorts {
  readonly permission: () => NotificationPermission;
  /** Asks the user; only from a click. */
  readonly ask: () => Promise<NotificationPermission>;
  /** Rejects where it cannot be shown. */
  readonly show: (title: string, body: string) => Promise<void>;
}

const KEPT_AS = 'witan.notices';
/** With its version: whatever else is found there means no. */
const YES = '1:on';

/** Merely to name the store throws where the browser blocks it. */
function guarded<T>(use: () => T, otherwise: T): T {
  try {
    return use();
  } catch {
    return otherwise;
  }
}

/** Notifications, as long as the user has switched them on and the browser allows them. */
export class Notices implements NoticesPort {
  readonly #ports: NotificationPorts | null;
  readonly #store: () => Storage;
  /** Holds in this tab where nothing can be kept. */
  #on: boolean | null = null;

  /** @param ports null where the browser has no notifications */
  constructor(ports: NotificationPorts | null, store: () => Storage) {
    this.#ports = ports;
    this.#store = store;
  }

  state(): NoticeState {
    if (this.#ports === null) return 'absent';
    const permission = this.#ports.permission();
    if (permission === 'denied') return 'refused';
    return permission === 'granted' && this.#wanted() ? 'on' : 'off';
  }

  async set(on: boolean): Promise<NoticeState> {
    if (this.#ports === null) return 'absent';
    const allowed = on && (await this.#ports.ask().catch(() => 'default' as const)) === 'granted';
    const kept = guarded(() => {
      if (allowed) this.#store().setItem(KEPT_AS, YES);
      else this.#store().removeItem(KEPT_AS);
      return true;
    }, false);
    this.#on = kept ? null : allowed;
    return this.state();
  }

  /** Does nothing unless it is switched on. */
  async tell(title: string, body: string): Promise<void> {
    if (this.#ports === null || this.state() !== 'on') return;
    await this.#ports.show(title, body).catch(() => undefined); // the permission was taken back meanwhile
  }

  #wanted(): boolean {
    return this.#on ?? guarded(() => this.#store().getItem(KEPT_AS) === YES, false);
  }
}

/** Through the service worker, without which phones show none; from the page where there is no service worker. */
async function show(title: string, body: string): Promise<void> {
  const { serviceWorker } = navigator as Partial<Navigator>;
  const registration = await serviceWorker?.getRegistration();
  if (registration?.active) {
    await registration.showNotification(title, { body, tag: 'witan.download', icon: 'icons/icon-192.png' });
    return;
  }
  const notification = new Notification(title, { body, tag: 'witan.download' });
  notification.onclick = () => {
    focus();
    notification.close();
  };
}

export function browserNotices(): Notices {
  const present = 'Notification' in globalThis;
  return new Notices(
    present
      ? { permission: () => Notification.permission, ask: () => Notification.requestPermission(), show }
      : null,
    () => localStorage,
  );
}
