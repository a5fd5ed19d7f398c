import type { Tier } from '#contracts/hardware';
import type { Budget, PlanInput } from '#contracts/plan';

const GIB = 2 ** 30;

/**
 * What the system and other programs keep. A browser rounds its figure to a power of two, so that honest devices have down to
 * 0.71 of it; half of the figure is then at most 0.71 of what there is. Of a device that has half of what it says, half
 * of the figure is everything: `SPARE_SHARE` then still leaves a tenth. As `ROOMY_SHARE` of memory-fit.
 */
const SYSTEM_SHARE = 0.5;

/** Kept free of what may be taken, besides the upper ends of the members' own needs. */
const SPARE_SHARE = 0.1;

/**
 * The browser and this page without models: 323 MB, proportional set size of all processes of a headless Chromium that
 * shows the built app (two cores, no graphics card).
 */
const PAGE_BYTES = 320 * 2 ** 20;

/**
 * Where a browser tells nothing: as small as the devices that run today's engines and do not tell (phones of 2 GiB). Half
 * of it is a gibibyte; tabs of phones were ended at about 1.5 GB (web-llm#753).
 */
const ASSUMED_BYTES = 2 * GIB;

/**
 * Memory of a card, which no browser tells: a judgement by tier, at the low end of what such devices are sold with. A card
 * may as well have none of its own, so what it holds is counted against the device's memory too.
 */
const ASSUMED_CARD_BYTES: Readonly<Record<Tier, number>> = { low: 2 * GIB, mid: 4 * GIB, high: 8 * GIB };

/** Of a card: windows of all programs live there as well. */
const CARD_SYSTEM_SHARE = 0.2;

/** Of what a browser says may be stored: an upper bound, not a promise. */
const STORAGE_SHARE = 0.9;

export interface CardRoom {
  readonly cards: number;
  /** Of each card. */
  readonly totalBytes: number;
  /** Of each card, for models. */
  readonly membersBytes: number;
  /** Somebody said how much it has; else it may share the device's. */
  readonly told: boolean;
}

/** How much may be taken of the device, in whole bytes. */
export interface Room {
  readonly totalBytes: number;
  readonly source: Budget['source'];
  readonly systemBytes: number;
  readonly pageBytes: number;
  readonly spareBytes: number;
  /** All that is left for models and their engines. */
  readonly membersBytes: number;
  readonly card: CardRoom | null;
  /** One model on the processor. */
  readonly engineBytes: number;
  /** Downloads; null where it is not known. */
  readonly storageBytes: number | null;
}

function cardRoom({ graphics, tier }: Pick<PlanInput, 'graphics' | 'tier'>): CardRoom | null {
  if (graphics === null) return null;
  const totalBytes = graphics.bytes ?? ASSUMED_CARD_BYTES[tier];
  const membersBytes = Math.floor(totalBytes * (1 - CARD_SYSTEM_SHARE) * (1 - SPARE_SHARE));
  return { cards: graphics.cards, totalBytes, membersBytes, told: graphics.bytes !== null };
}

type RoomInput = Pick<PlanInput, 'memory' | 'graphics' | 'tier' | 'engineBytes' | 'storageBytes'>;

/** @param input with plain figures */
export function roomOf(input: RoomInput): Room {
  const { bytes, floor, typed } = input.memory;
  const totalBytes = bytes ?? ASSUMED_BYTES;
  const told = typed ? 'typed' : floor ? 'floor' : 'hint';
  const systemBytes = Math.ceil(totalBytes * SYSTEM_SHARE);
  const ours = totalBytes - systemBytes;
  const pageBytes = Math.min(PAGE_BYTES, ours);
  const spareBytes = Math.min(Math.ceil(ours * SPARE_SHARE), ours - pageBytes);
  return {
    totalBytes,
    source: bytes === null ? 'assumed' : told,
    systemBytes,
    pageBytes,
    spareBytes,
    membersBytes: ours - pageBytes - spareBytes,
    card: cardRoom(input),
    engineBytes: input.engineBytes,
    storageBytes: input.storageBytes === null ? null : Math.floor(input.storageBytes * STORAGE_SHARE),
  };
}
