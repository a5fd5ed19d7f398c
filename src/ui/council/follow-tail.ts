import type { Attachment } from 'svelte/attachments';
import { onContentChange, overflows, setReachable } from '../reachable.ts';

/** Within this many pixels of the end counts as "at the end": browsers round scroll positions. */
const NEAR_END_PX = 8;

/** Keeps the newest text of a scrolling box in view until the reader scrolls away from the end. */
export const followTail: Attachment<HTMLElement> = (box) => {
  let following = true;
  const onScroll = (): void => {
    following = box.scrollHeight - box.clientHeight - box.scrollTop <= NEAR_END_PX;
  };
  box.addEventListener('scroll', onScroll, { passive: true });
  const leave = onContentChange(box, () => {
    setReachable(box);
    if (!overflows(box)) following = true;
    else if (following) box.scrollTop = box.scrollHeight;
  });
  return () => {
    leave();
    box.removeEventListener('scroll', onScroll);
  };
};
