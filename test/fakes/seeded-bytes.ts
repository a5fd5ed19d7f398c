/**
 * Bytes that look random and are the same everywhere for the same seed (xorshift32, G. Marsaglia, 2003): a file for a
 * server in Node and for the page that fetches it. 24 MB take some 50 ms.
 */
export function seededBytes(sizeBytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = (seed >>> 0) + 0x9e3779b9;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}
