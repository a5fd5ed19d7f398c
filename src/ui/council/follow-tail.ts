import type { Attachment } from 'svelte/attachments';

/** Within this many pixels of the end counts as "at the end": browsers round scroll positions. */
const NEAR_END_PX = 8;

/**
 * Keeps the newest text of a scrolling box in view until the reader scrolls away from the end, and makes the box
 * reachable by keyboard while it has something to scroll.
 */
export const followTail: Attachment<HTMLElement> = (box) => {
  let following = true;
  const onScroll = (): void => {
    following = box.scrollHeight - box.clientHeight - box.scrollTop <= NEAR_END_PX;
  };
  const onChange = (): void => {
    const scrolls = box.scrollHeight > box.clientHeight + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
    if (!scrolls) following = true;
    if (scrolls && following) box.scrollTop = box.scrollHeight;
  };
  const changes = new MutationObserver(onChange);
  changes.observe(box, { childList: true, characterData: true, subtree: true });
  box.addEventListener('scroll', onScroll, { passive: true });
  onChange();
  return () => {
    changes.disconnect();
    box.removeEventListener('scroll', onScroll);
  };
};
