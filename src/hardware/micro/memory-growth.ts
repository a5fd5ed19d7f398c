const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** No model of the catalogue that runs in a browser needs more; and what is taken is missing elsewhere meanwhile. */
const MOST_BYTES = 8 * GIB;
/** Of what the browser says of the machine's memory, which many graphics cards share with everything else. */
const SHARE_OF_MEMORY = 0.6;
/** Small at first, so that a small device is not overrun; then in steps that a large one counts quickly. */
const FIRST_BYTES = 64 * MIB;
const LARGEST_BYTES = 256 * MIB;
/** The next buffer is a quarter of what is held: so near the figure comes to where the memory ends. */
const GROWTH = 1 / 4;
/** Buffers are whole such pieces. */
const GRAIN_BYTES = 16 * MIB;

/** @param deviceMemoryGiB the browser's hint; anything else than a positive number is none */
export function mostProbedBytes(deviceMemoryGiB: unknown): number {
  const told = typeof deviceMemoryGiB === 'number' && deviceMemoryGiB > 0;
  return told ? Math.min(MOST_BYTES, Math.floor(SHARE_OF_MEMORY * deviceMemoryGiB * GIB)) : MOST_BYTES;
}

/**
 * Size of the next buffer, a multiple of 16 MiB; 0: enough.
 * @param largestBufferBytes the device's limit
 */
export function nextBufferBytes(heldBytes: number, mostBytes: number, largestBufferBytes: number): number {
  const wanted = Math.min(Math.max(FIRST_BYTES, heldBytes * GROWTH), LARGEST_BYTES, largestBufferBytes);
  return GRAIN_BYTES * Math.floor(Math.min(wanted, mostBytes - heldBytes) / GRAIN_BYTES);
}
