const RELOADED_AT = 'witan.reloaded-for-isolation';
/** A browser that refuses isolation must not loop; a forced reload (which bypasses the service worker) may be mended. */
const RELOAD_AGAIN_AFTER_MS = 30_000;

/**
 * On hosts without isolation headers the service worker adds them, but only from the next load on, and a forced reload
 * goes past it. Reloads once then, unless somebody is already using the page: threads are not worth a lost question.
 */
export async function reloadOnceForIsolation(): Promise<void> {
  const reloadedAt = Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
  if (Date.now() - reloadedAt < RELOAD_AGAIN_AFTER_MS) return;
  await navigator.serviceWorker.ready;
  const { userActivation } = navigator as Partial<Navigator>;
  if (userActivation?.hasBeenActive === true) return;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  location.reload();
}
