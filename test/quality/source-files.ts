import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['src', 'workers', 'test', 'tools'];
const CODE = /\.(?:ts|js|cjs|svelte|py)$/;
const SKIPPED = new Set(['node_modules', '__pycache__', '.work', '.vitest-attachments']);

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* walk(path);
    else if (entry.isFile() && CODE.test(entry.name)) yield path;
  }
}

/** Every file of code in the repository, relative to its root (the working directory). */
export function sourceFiles(folders: readonly string[] = FOLDERS): readonly string[] {
  return folders.flatMap((folder) => [...walk(folder)]).sort();
}
