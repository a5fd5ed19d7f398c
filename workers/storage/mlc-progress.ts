import type { StoredFile } from '#contracts/model-store';
import type { ModelProgress } from '#contracts/models';
import type { MlcFile } from './mlc-files.ts';

interface Share {
  readonly doneBytes: number;
  /** 0 as long as nobody has said. */
  readonly totalBytes: number;
}

/** Turns the progress of one file after the other into that of their model. */
export class MlcProgress {
  readonly #shares = new Map<string, Share>();
  #bytesPerSecond: number | null = null;
  #transferredBytes = 0;
  #ofThisFile = 0;

  /** Where a file stands before it is fetched, and when it has come. */
  stands({ spec }: MlcFile, file: StoredFile | null): void {
    const totalBytes = spec.sizeBytes ?? file?.sizeBytes ?? 0;
    this.#shares.set(spec.id, { doneBytes: file?.keptBytes ?? 0, totalBytes });
    this.#transferredBytes += this.#ofThisFile;
    this.#ofThisFile = 0;
  }

  /** @param told of this file alone */
  of({ spec }: MlcFile, told: ModelProgress): ModelProgress {
    const known = this.#shares.get(spec.id)?.totalBytes ?? 0;
    this.#shares.set(spec.id, { doneBytes: told.doneBytes, totalBytes: told.totalBytes ?? known });
    this.#ofThisFile = told.transferredBytes;
    // Each file begins to measure anew; the line is the same.
    if (told.waiting !== null) this.#bytesPerSecond = null;
    else this.#bytesPerSecond = told.bytesPerSecond ?? this.#bytesPerSecond;
    const shares = [...this.#shares.values()];
    const doneBytes = shares.reduce((sum, share) => sum + share.doneBytes, 0);
    const totalBytes = shares.reduce((sum, share) => sum + Math.max(share.totalBytes, share.doneBytes), 0);
    const speed = this.#bytesPerSecond;
    return {
      ...told,
      doneBytes,
      totalBytes,
      transferredBytes: this.#transferredBytes + this.#ofThisFile,
      bytesPerSecond: speed,
      secondsLeft: speed === null || speed === 0 ? null : (totalBytes - doneBytes) / speed,
    };
  }
}
