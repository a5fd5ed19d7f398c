import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../../../src/storage/model-store/store-hashes.ts';
import { wasmHashes } from '../../../../src/storage/model-store/wasm-hashes.ts';

const BYTES = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 31) & 255);

it('is SHA-256 and XXH3-128', async () => {
  const hashes = await wasmHashes();
  const expected = createHash('sha256').update(BYTES).digest('hex');
  expect(toHex(await hashes.sha256(BYTES))).toBe(expected);
  // XXH3-128 of nothing, seed 0 (xxhash's own test vectors).
  expect(toHex(hashes.fingerprint(new Uint8Array()))).toBe('99aa06d3014798d86001c324468d497f');
  expect(toHex(fromHex(expected))).toBe(expected);
});

it('takes a stream up where it was put away', async () => {
  const hashes = await wasmHashes();
  const first = await hashes.stream(null);
  await first.update(BYTES.slice(0, 777));
  const second = await hashes.stream(await first.save());
  await second.update(BYTES.slice(777));
  expect(toHex(await second.digest())).toBe(createHash('sha256').update(BYTES).digest('hex'));
  await expect(hashes.stream(new Uint8Array(5))).rejects.toThrow();
});
