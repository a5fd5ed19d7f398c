import type { OpenedFilesPort } from '#contracts/models';

/** Files that the system asked this app to open, until a page takes them. */
export class OpenedFiles implements OpenedFilesPort {
  readonly #waiting: (readonly File[])[] = [];
  readonly #listeners = new Set<() => void>();

  put(files: readonly File[]): void {
    if (files.length === 0) return;
    this.#waiting.push(files);
    for (const listener of [...this.#listeners]) listener();
  }

  take(): readonly File[] | null {
    return this.#waiting.shift() ?? null;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#waiting.length > 0) listener();
    return () => this.#listeners.delete(listener);
  }
}
