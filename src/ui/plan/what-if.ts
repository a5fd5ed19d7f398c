import type { WhatIf } from '#contracts/plan';
import { count, plain, plural } from '../quantities.ts';

const NBSP = '\u00a0';

/** What another device differs in; null: as here. */
export type WhatIfChoice = { readonly [Name in keyof WhatIf]-?: number | null };
export type WhatIfName = keyof WhatIfChoice;

export const AS_HERE: WhatIfChoice = {
  memoryGiB: null,
  cores: null,
  graphicsFactor: null,
  cards: null,
  remoteServers: null,
};

export function whatIfOf(choice: WhatIfChoice): WhatIf {
  const { memoryGiB, cores, graphicsFactor, cards, remoteServers } = choice;
  return {
    ...(memoryGiB === null ? {} : { memoryGiB }),
    ...(cores === null ? {} : { cores }),
    ...(graphicsFactor === null ? {} : { graphicsFactor }),
    ...(cards === null ? {} : { cards }),
    ...(remoteServers === null ? {} : { remoteServers }),
  };
}

export function isAsHere(choice: WhatIfChoice): boolean {
  return Object.values(choice).every((value) => value === null);
}

interface WhatIfField {
  readonly name: WhatIfName;
  readonly title: string;
  /** What shops sell, or what people have. */
  readonly values: readonly number[];
  readonly words: (value: number) => string;
}

export const WHAT_IF_FIELDS: readonly WhatIfField[] = [
  {
    name: 'memoryGiB',
    title: 'Memory',
    values: [2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128],
    words: (value) => `${count(value)}${NBSP}GiB`,
  },
  {
    name: 'cores',
    title: 'Processor',
    values: [2, 4, 6, 8, 10, 12, 16, 24, 32, 64],
    words: (value) => plural(value, 'core'),
  },
  {
    name: 'graphicsFactor',
    title: 'Speed of the graphics card',
    values: [0.5, 1.5, 2, 3, 4, 8],
    words: (value) => `${plain(value)} times this one`,
  },
  {
    name: 'cards',
    title: 'Graphics cards',
    values: [0, 1, 2, 3, 4],
    words: (value) => (value === 0 ? 'None' : plural(value, 'card')),
  },
  {
    name: 'remoteServers',
    title: 'Servers of yours',
    values: [0, 1, 2, 3, 4, 8],
    words: (value) => (value === 0 ? 'None' : plural(value, 'server')),
  },
];

/** "Memory: 16 GiB · Processor: 8 cores": what was changed. */
export function whatIfWords(choice: WhatIfChoice): string {
  return WHAT_IF_FIELDS.flatMap(({ name, title, words }) => {
    const value = choice[name];
    return value === null ? [] : [`${title}: ${words(value)}`];
  }).join(' · ');
}
