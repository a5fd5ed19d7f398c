/* Days and times as lists show them; apart from the other quantities, because the first visit shows none. */
const CLOCK_TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY_AND_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

/** The time today, day and time before that. */
export function whenShort(epochMs: number, nowEpochMs: number): string {
  const sameDay = new Date(epochMs).toDateString() === new Date(nowEpochMs).toDateString();
  return (sameDay ? CLOCK_TIME : DAY_AND_TIME).format(epochMs);
}

/** A whole day since the Unix epoch, as a date. */
export function dayDate(day: number): string {
  return DAY.format(day * 86_400_000);
}
