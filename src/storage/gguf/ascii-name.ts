/** The bytes as text where all are printable ASCII without the space, as keys and names of tensors are; else null. */
export function asciiName(bytes: Uint8Array): string | null {
  for (const byte of bytes) if (byte < 0x21 || byte > 0x7e) return null;
  return String.fromCharCode(...bytes);
}
