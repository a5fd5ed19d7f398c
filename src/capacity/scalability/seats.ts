import type { ScalabilityInput } from '#contracts/scalability';
import { MOST_MEMBERS } from '#contracts/settings';

/** Of a device's memory, what may be taken without crowding out the system, the browser and the page; as the fit verdicts. */
const USABLE_SHARE = 0.5;

/** Most that an engine holds on the processor where nobody says: 65,536 pages of WebAssembly memory. */
const ENGINE_BYTES = 4 * 2 ** 30;

/** The slowest that anybody waits for, tokens a second (`PACES`). */
const BEARABLE_PER_SECOND = 1;

/** Longest time of an answer that is still waited for, ms. */
export const bearableMs = ({ answerTokens }: ScalabilityInput): number =>
  (1000 * answerTokens) / BEARABLE_PER_SECOND;

/** Of the members whose memory is on this device. */
function localBytes({ members }: ScalabilityInput): readonly number[] {
  return members
    .filter(({ backend }) => backend === 'cpu' || backend === 'webgpu')
    .map(({ memoryBytes }) => memoryBytes);
}

export interface MemoryChange {
  /** Times as much on this device. */
  readonly factor: number;
  /** Devices like this one that are added; what they hold is held by no browser's engine. */
  readonly servers: number;
}

export interface Seats {
  readonly members: number;
  readonly largestModel: string | null;
  /** The next larger model that is known; null where all fit. */
  readonly tooLarge: { readonly name: string; readonly memoryBytes: number } | null;
  /** What holds the next larger one back. */
  readonly limit: 'memory' | 'engine';
  readonly addedBytes: number;
  readonly seatBytes: number | null;
  /** Most that one engine holds; without end on a card and on a server. */
  readonly engineBytes: number;
  /** Usable on this device; at least so much where its memory is not told. */
  readonly usableBytes: number;
}

/** What fits today, or certainly fits: the council is there. */
export function usableBytes(input: ScalabilityInput): number {
  const taken = localBytes(input).reduce((all, bytes) => all + bytes, 0);
  return Math.max(USABLE_SHARE * (input.memoryBytes ?? 0), taken);
}

/**
 * Seats: today's, and those that added memory holds, each as large as today's are on average, of models that are known; as
 * many as answer in bearable time, and no more than a council has.
 * @param answerMs of today's council with that change, without waiting; null where it is not known
 */
export function seats(input: ScalabilityInput, change: MemoryChange, answerMs: number | null): Seats {
  const today = usableBytes(input);
  const addedBytes = (change.factor - 1 + change.servers) * today;
  const local = localBytes(input);
  const mean = local.reduce((all, bytes) => all + bytes, 0) / local.length;
  const smallest = input.models.find(({ memoryBytes }) => memoryBytes > 0)?.memoryBytes ?? null;
  const seatBytes = local.length > 0 && mean > 0 ? mean : smallest;
  const now = input.members.length;
  const more = seatBytes === null ? 0 : Math.floor(addedBytes / seatBytes);
  const known = Math.max(now, input.models.length);
  const bearable =
    answerMs === null || answerMs <= 0 ? Infinity : Math.floor((now * bearableMs(input)) / answerMs);
  const onServer = change.servers > 0;
  const engineBytes = input.graphics === null && !onServer ? (input.engineBytes ?? ENGINE_BYTES) : Infinity;
  const room = Math.min(today * change.factor, engineBytes);
  const fitting = input.models.filter(({ memoryBytes }) => memoryBytes <= room);
  const beyond = input.models.filter(({ memoryBytes }) => memoryBytes > room);
  return {
    members: Math.max(now, Math.min(now + more, known, bearable, MOST_MEMBERS)),
    largestModel: extreme(fitting, (a, b) => a > b)?.name ?? null,
    tooLarge: extreme(beyond, (a, b) => a < b),
    limit: today * change.factor > engineBytes ? 'engine' : 'memory',
    addedBytes,
    seatBytes,
    engineBytes,
    usableBytes: today * change.factor,
  };
}

type Model = ScalabilityInput['models'][number];

function extreme(models: readonly Model[], before: (a: number, b: number) => boolean): Model | null {
  return models.reduce<Model | null>(
    (found, model) => (found === null || before(model.memoryBytes, found.memoryBytes) ? model : found),
    null,
  );
}
