/** Numbers as people read them. Every figure carries its unit, with a no-break space between the two. */
const NBSP = '\u00a0';

/** Shown where there is no reading yet. */
export const ABSENT = '–';

function decimals(value: number, digits: number): string {
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three significant digits, never in exponent form: 1,240 · 87.3 · 0.412. */
export function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return decimals(value, 0);
  if (size >= 10) return decimals(value, 1);
  return decimals(value, size >= 1 ? 2 : 3);
}

/** At most three significant digits, without trailing zeros: 5 · 0.5 · 87.3. For readings, not for measurements. */
export function plain(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
}

export function count(value: number): string {
  return decimals(value, 0);
}

export function seconds(ms: number): string {
  return `${decimals(ms / 1000, 2)}${NBSP}s`;
}

/** Milliseconds below one second, seconds above. */
export function duration(ms: number): string {
  if (ms >= 1000) return seconds(ms);
  return `${decimals(ms, ms < 10 ? 1 : 0)}${NBSP}ms`;
}

/** One decimal: what a frame interval needs. */
export function frameTime(ms: number): string {
  return `${decimals(ms, 1)}${NBSP}ms`;
}

export function perSecond(tokensPerSecond: number): string {
  return decimals(tokensPerSecond, tokensPerSecond < 100 ? 1 : 0);
}

export function percent(share: number): string {
  return `${decimals(share * 100, 0)}${NBSP}%`;
}

/** Model parameters: 850 k, 1.1 M, 7.6 B. */
export function parameters(value: number): string {
  if (value >= 1e9) return `${decimals(value / 1e9, 1)}${NBSP}B`;
  if (value >= 1e6) return `${decimals(value / 1e6, 1)}${NBSP}M`;
  if (value >= 1e3) return `${decimals(value / 1e3, 0)}${NBSP}k`;
  return count(value);
}

/** Files, in the decimal units that shops and browsers use. */
export function fileSize(bytes: number): string {
  if (bytes >= 1e9) return `${decimals(bytes / 1e9, 1)}${NBSP}GB`;
  if (bytes >= 1e6) return `${decimals(bytes / 1e6, 1)}${NBSP}MB`;
  return `${decimals(Math.ceil(bytes / 1e3), 0)}${NBSP}kB`;
}

/** Memory, in binary units. */
export function memorySize(bytes: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ];
  for (const [step, unit] of steps) {
    if (bytes < step) continue;
    const value = bytes / step;
    return `${decimals(value, Number.isInteger(value) || value >= 100 ? 0 : 1)}${NBSP}${unit}`;
  }
  return `${count(bytes)}${NBSP}B`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)}${NBSP}${n === 1 ? one : many}`;
}

/** "Alder", "Alder and Birch", "Alder, Birch and Cedar". */
export function listed(names: readonly string[]): string {
  const last = names.at(-1);
  if (last === undefined || names.length === 1) return last ?? '';
  return `${names.slice(0, -1).join(', ')} and ${last}`;
}

const WHOLE_DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
export function whenLong(epochMs: number): string {
  return WHOLE_DATE.format(epochMs);
}
