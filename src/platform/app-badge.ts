/** The badge on the app's icon (Badging API). */
export interface AppBadge {
  /** @param value shown as it is; 0: a dot without a number */
  show(value: number): void;
  clear(): void;
}

/** Browsers have the functions also where there is no icon, and refuse: nobody waits for that. */
export function badgeOf(browser: Partial<Pick<Navigator, 'setAppBadge' | 'clearAppBadge'>>): AppBadge | null {
  if (browser.setAppBadge === undefined || browser.clearAppBadge === undefined) return null;
  const refused = (): undefined => undefined;
  return {
    show: (value) => {
      browser.setAppBadge?.(...(value === 0 ? [] : [value])).catch(refused);
    },
    clear: () => {
      browser.clearAppBadge?.().catch(refused);
    },
  };
}
