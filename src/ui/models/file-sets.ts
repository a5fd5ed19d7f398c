/** `model-00001-of-00003.gguf` (gguf.md, "Shard"). */
const PART = /^(.*)-\d{5}-of-(\d{5})\.gguf$/i;

/** Files that were given together, as the models that they probably are: parts of one name belong together. */
export function fileSets(files: readonly File[]): readonly (readonly File[])[] {
  const sets = new Map<string, File[]>();
  for (const [index, file] of files.entries()) {
    const part = PART.exec(file.name);
    const key = part === null ? `file ${String(index)}` : `set ${part[2] ?? ''} ${part[1] ?? ''}`;
    sets.set(key, [...(sets.get(key) ?? []), file]);
  }
  return [...sets.values()];
}
