import type { Attachment } from 'svelte/attachments';

/** Calls `changed` now and whenever the box or what is in it changes; returns what ends that. */
export function onContentChange(box: HTMLElement, changed: () => void): () => void {
  const contents = new MutationObserver(changed);
  contents.observe(box, { childList: true, characterData: true, subtree: true });
  const sizes = new ResizeObserver(changed);
  sizes.observe(box);
  changed();
  return () => {
    contents.disconnect();
    sizes.disconnect();
  };
}

/** Whether a box has more than it shows; a fraction of a pixel does not count. */
export function overflows(box: HTMLElement): boolean {
  return box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;
}

/** A box that scrolls must be reachable by keyboard, and one that does not must not be a stop on the way. */
export function setReachable(box: HTMLElement): void {
  if (overflows(box)) box.tabIndex = 0;
  else box.removeAttribute('tabindex');
}

/** Keeps a scrolling box reachable by keyboard while it has something to scroll. */
export const reachable: Attachment<HTMLElement> = (box) =>
  onContentChange(box, () => {
    setReachable(box);
  });
