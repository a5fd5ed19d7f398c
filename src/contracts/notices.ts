/** absent: this browser has no notifications · refused: it lets this site show none, until the user changes that there. */
export type NoticeState = 'absent' | 'refused' | 'off' | 'on';

/** Notifications of what ended while nobody looked. */
export interface NoticesPort {
  state(): NoticeState;
  /** To be called from a click: switching on asks for the permission. @returns how it then is */
  set(on: boolean): Promise<NoticeState>;
}
