/** Whether the page can be seen. */
export function pageVisible(): boolean {
  return document.visibilityState === 'visible';
}

/** Calls `listener` on every change; the returned function ends it. */
export function onVisibility(listener: (visible: boolean) => void): () => void {
  const onChange = (): void => {
    listener(pageVisible());
  };
  document.addEventListener('visibilitychange', onChange);
  return () => {
    document.removeEventListener('visibilitychange', onChange);
  };
}
