import type { Projection, ScalabilityInput } from '#contracts/scalability';
import { remaining, remainingDecode, serialShare } from './amdahl.ts';
import { bandwidthShare, shareOfPlace } from './bandwidth-share.ts';
import type { Member, Places } from './council-time.ts';
import type { MemoryChange } from './seats.ts';
import { gibibytes } from './figure-text.ts';
import { ONCE, type Span } from './span.ts';

export type Term = Projection['terms'][number];

/** A device that is not this one: by what its times and its counts differ. */
export interface Scenario {
  readonly kind: Projection['kind'];
  readonly title: string;
  readonly formula: string;
  /** What was put in besides what all projections have. */
  readonly terms: readonly Term[];
  /** Factors of a member's times. */
  readonly decode: (member: Member) => Span;
  readonly prefill: (member: Member) => Span;
  /** Factor of the part of writing that grows with the bytes read, on a card. */
  readonly reading: number;
  /** Threads of the processor. */
  readonly threads: number;
  readonly memory: MemoryChange;
  readonly cards: number;
  /** Servers that are added to those of today, each as fast as this device. */
  readonly servers: number;
  /** Time on a unit that is added ÷ on today's. */
  readonly added: Places<Span>;
}

const same = (): Span => ONCE;

/** A further card of the same make: drivers, slots and heat make it somewhat slower or faster. Not measured. */
const SAME_MAKE: Span = { low: 0.8, median: 1, high: 1.25 };
/** A server taken to be as fast as this device, network included: half or twice that is as likely. Not measured. */
const UNKNOWN_SERVER: Span = { low: 0.5, median: 1, high: 2 };

const threadsOf = ({ threads }: ScalabilityInput): number => Math.max(1, Math.round(threads));

const UNCHANGED = {
  decode: same,
  prefill: same,
  reading: 1,
  memory: { factor: 1, servers: 0 },
  servers: 0,
  added: { cpu: ONCE, webgpu: ONCE, remote: ONCE, browser: ONCE },
} as const;

const measuredOr = (name: string, measured: boolean): string =>
  measured ? name : `${name} (assumed: not measured)`;

function today(input: ScalabilityInput, cards: number): Scenario {
  return {
    ...UNCHANGED,
    threads: threadsOf(input),
    kind: 'today',
    title: input.supposed === true ? 'The supposed device (“today” below)' : 'This device today',
    formula:
      'tokens per second = seats · answer ÷ longest Σ(answer · t) of a processor, card or server; time = wait + longest Σ(prompt + answer · t)',
    terms: [],
    cards,
  };
}

function memory(input: ScalabilityInput, cards: number, factor: 2 | 4): Scenario {
  const { memoryBytes, memoryIsFloor } = input;
  const amount =
    memoryBytes === null ? '' : ` (${memoryIsFloor ? 'at least ' : ''}${gibibytes(factor * memoryBytes)})`;
  return {
    ...UNCHANGED,
    threads: threadsOf(input),
    kind: 'memory',
    title: `${factor === 2 ? 'Twice' : 'Four times'} the memory${amount}`,
    formula: 'seats = today’s + added usable memory ÷ memory of a seat; the speed of today’s council stays',
    terms: [
      { name: 'Memory, times today’s', value: factor, unit: '×' },
      ...(memoryBytes === null ? [] : [{ name: 'Memory today', value: memoryBytes, unit: 'bytes' }]),
    ],
    memory: { factor, servers: 0 },
    cards,
  };
}

function graphics(input: ScalabilityInput, cards: number, readGBps: number | null): Scenario {
  const share = shareOfPlace(input.members, 'webgpu');
  return {
    ...UNCHANGED,
    threads: threadsOf(input),
    kind: 'graphics',
    title: `A graphics card that reads twice as fast${readGBps === null ? '' : ` (${Math.round(2 * readGBps)} GB/s)`}`,
    formula: 't′ = t · (b/2 + 1 − b) for members on the card; prompts as today, at best in half the time',
    terms: [
      ...(readGBps === null ? [] : [{ name: 'The card reads today', value: readGBps, unit: 'GB/s' }]),
      ...(share === null
        ? [{ name: 'Members on the card', value: 0, unit: '' }]
        : [
            {
              name: measuredOr('b, share of the time spent reading', share.measured),
              value: share.median,
              unit: '',
            },
          ]),
    ],
    decode: (member) => {
      if (member.backend !== 'webgpu') return ONCE;
      const b = bandwidthShare(member);
      return { low: 1 - b.high / 2, median: 1 - b.median / 2, high: 1 - b.low / 2 };
    },
    reading: 0.5,
    // Prompts are bound by arithmetic, of which "reads twice as fast" says nothing; a card that reads faster often has more.
    prefill: ({ backend }) => (backend === 'webgpu' ? { low: 0.5, median: 1, high: 1 } : ONCE),
    cards,
  };
}

function cores(input: ScalabilityInput, cards: number): Scenario {
  const threads = threadsOf(input);
  // A page that is not isolated has one thread, however many cores there are.
  const factor = input.isolated ? 2 : 1;
  const serial = serialShare(threads, input.threadScaling);
  const rest = remaining(serial, threads, factor);
  const share = shareOfPlace(input.members, 'cpu');
  const onCpu =
    (of: (member: Member) => Span) =>
    (member: Member): Span =>
      member.backend === 'cpu' && factor > 1 ? of(member) : ONCE;
  return {
    ...UNCHANGED,
    threads: threads * factor,
    kind: 'cores',
    title: `Twice the cores${input.cores === null ? '' : ` (${2 * input.cores})`}`,
    formula: input.isolated
      ? 'r = (s + (1 − s)/2n) ÷ (s + (1 − s)/n), s = (n/S − 1) ÷ (n − 1) (Amdahl); prompts t · r; writing t · (b + (1 − b) · r)'
      : 't′ = t: a page that is not isolated uses one thread, however many cores there are',
    terms: [
      { name: 'n, threads today', value: threads, unit: '' },
      ...(input.threadScaling === null
        ? []
        : [
            {
              name: `S, all threads ÷ one, ${input.supposed === true ? 'measured here and reckoned for these' : 'measured'}`,
              value: input.threadScaling,
              unit: '×',
            },
          ]),
      { name: measuredOr('s, serial share', serial.measured), value: serial.median, unit: '' },
      { name: 'r, time that is left', value: rest.median, unit: '×' },
      ...(share === null
        ? [{ name: 'Members on the processor', value: 0, unit: '' }]
        : [
            {
              name: measuredOr('b, share of the time spent reading', share.measured),
              value: share.median,
              unit: '',
            },
          ]),
    ],
    decode: onCpu((member) => remainingDecode(bandwidthShare(member).median, rest)),
    prefill: onCpu(() => rest),
    cards,
  };
}

function secondCard(input: ScalabilityInput, cards: number): Scenario {
  return {
    ...UNCHANGED,
    threads: threadsOf(input),
    kind: 'second-card',
    title: cards === 1 ? 'A second graphics card' : 'One more graphics card',
    formula: 'members on cards are shared out over them, the longest first; the slowest card ends the answer',
    terms: [
      { name: 'Cards', value: cards + 1, unit: '' },
      {
        name: 'Members on cards',
        value: input.members.filter(({ backend }) => backend === 'webgpu').length,
        unit: '',
      },
      { name: 'Speed of the added card, times today’s (assumed: not measured)', value: 1, unit: '×' },
    ],
    cards: cards + 1,
    added: { ...UNCHANGED.added, webgpu: SAME_MAKE },
  };
}

function servers(input: ScalabilityInput, cards: number, count: 1 | 2 | 4): Scenario {
  const more = input.remoteServers > 0 ? 'more ' : '';
  return {
    ...UNCHANGED,
    threads: threadsOf(input),
    kind: 'servers',
    title: count === 1 ? `One ${more}server` : `${count} ${more}servers`,
    formula:
      'wait = C(g, a) · T ÷ (2 · (g − a)), a = λ · T (Erlang C for g groups, halved for answers of equal length); each group shares a question out; g is chosen for the shortest wait + T',
    terms: [
      { name: 'Servers added', value: count, unit: '' },
      { name: 'Speed of a server, times this device’s (assumed: not measured)', value: 1, unit: '×' },
    ],
    memory: { factor: 1, servers: count },
    cards,
    servers: count,
    added: {
      cpu: UNKNOWN_SERVER,
      webgpu: UNKNOWN_SERVER,
      browser: UNKNOWN_SERVER,
      // Those of today were measured, so that one more like them is less of a guess.
      remote: SAME_MAKE,
    },
  };
}

/** One, too, where none is told of: members on it must run somewhere. */
export const cardsToday = ({ graphics }: ScalabilityInput): number =>
  Math.max(1, Math.round(graphics?.cards ?? 1));

/** Today first. Without a card nothing is known that a faster one could be reckoned from. */
export function scenarios(input: ScalabilityInput): readonly Scenario[] {
  const cards = cardsToday(input);
  return [
    today(input, cards),
    memory(input, cards, 2),
    memory(input, cards, 4),
    ...(input.graphics === null ? [] : [graphics(input, cards, input.graphics.readGBps)]),
    cores(input, cards),
    ...(input.graphics === null ? [] : [secondCard(input, cards)]),
    servers(input, cards, 1),
    servers(input, cards, 2),
    servers(input, cards, 4),
  ];
}
