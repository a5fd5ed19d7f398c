/** Figures as they stand in sentences: three digits at most, each with its unit. */
export const figure = (value: number): string =>
  value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });

export const seconds = (ms: number): string => `${figure(ms / 1000)} s`;
export const gibibytes = (bytes: number): string => `${figure(bytes / 2 ** 30)} GiB`;
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

export const many = (count: number, one: string): string =>
  `${figure(count)} ${count === 1 ? one : `${one}s`}`;
