import { createMD5 } from 'hash-wasm';

const READ_AT_ONCE_BYTES = 4 * 2 ** 20;

/** MD5 of a file, lower-case hex: finds damage, not malice. Rejects when the file cannot be read. */
export async function md5Of(signal: AbortSignal, file: Blob): Promise<string> {
  const md5 = await createMD5();
  md5.init();
  for (let atByte = 0; atByte < file.size; atByte += READ_AT_ONCE_BYTES) {
    signal.throwIfAborted();
    md5.update(new Uint8Array(await file.slice(atByte, atByte + READ_AT_ONCE_BYTES).arrayBuffer()));
  }
  return md5.digest('hex');
}
