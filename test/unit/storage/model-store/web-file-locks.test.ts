import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { FileLocks, Release } from '../../../../src/storage/model-store/file-locks.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { WebFileLocks } from '../../../../src/storage/model-store/web-file-locks.ts';
import { WebLocks } from '../../../fakes/web-locks.ts';

const FILE = 'sha256-1';

const release = (held: Release | null): void => {
  present(held, 'lock')();
};

/** Both kinds keep the one contract. */
describe.each([
  ['WebFileLocks', () => new WebFileLocks(new WebLocks())],
  ['ProcessLocks', () => new ProcessLocks()],
] as const)('%s', (_name, make) => {
  let locks: FileLocks;
  beforeEach(() => {
    locks = make();
  });

  it('have one writer a file', async () => {
    const writer = await locks.tryWriter(FILE);
    expect(writer).not.toBeNull();
    expect(await locks.tryWriter(FILE)).toBeNull();
    expect(await locks.tryWriter('sha256-2')).not.toBeNull();
    release(writer);
    expect(await locks.tryWriter(FILE)).not.toBeNull();
  });

  it('have many readers, beside a writer', async () => {
    const writer = await locks.tryWriter(FILE);
    const readers = [await locks.tryReader(FILE), await locks.tryReader(FILE)];
    expect([writer, ...readers]).not.toContain(null);
  });

  it('let nobody take the bytes away from a writer or a reader', async () => {
    const writer = await locks.tryWriter(FILE);
    expect(await locks.tryAlone(FILE)).toBeNull();
    release(writer);
    const [first, second] = [await locks.tryReader(FILE), await locks.tryReader(FILE)];
    expect(await locks.tryAlone(FILE)).toBeNull();
    // Who asked in vain holds nothing.
    const other = await locks.tryWriter(FILE);
    expect(other).not.toBeNull();
    release(other);
    release(first);
    expect(await locks.tryAlone(FILE)).toBeNull();
    release(second);
    expect(await locks.tryAlone(FILE)).not.toBeNull();
  });

  it('keep everybody away from whoever has a file alone, and nobody afterwards', async () => {
    const alone = await locks.tryAlone(FILE);
    expect(await locks.tryWriter(FILE)).toBeNull();
    expect(await locks.tryReader(FILE)).toBeNull();
    expect(await locks.tryAlone(FILE)).toBeNull();
    release(alone);
    expect(await locks.tryReader(FILE)).not.toBeNull();
    expect(await locks.tryWriter(FILE)).not.toBeNull();
  });

  it('can be given back twice, and that takes them from nobody else', async () => {
    for (const take of [locks.tryWriter, locks.tryAlone].map((method) => method.bind(locks))) {
      const first = await take(FILE);
      release(first);
      const second = await take(FILE);
      release(first);
      expect(await locks.tryWriter(FILE)).toBeNull();
      release(second);
    }
  });

  it('say which files are read or written, and take none for that', async () => {
    expect(await locks.held()).toEqual(new Set());
    const writer = await locks.tryWriter(FILE);
    const reader = await locks.tryReader('sha256-2');
    expect(await locks.held()).toEqual(new Set([FILE, 'sha256-2']));
    const [asked, other] = [locks.held(), locks.tryReader(FILE)];
    expect(await other).not.toBeNull();
    await asked;
    release(await other);
    release(writer);
    release(reader);
    expect(await locks.held()).toEqual(new Set());
  });

  it('are given to one of those who ask at once', async () => {
    const writers = await Promise.all([1, 2, 3].map(() => locks.tryWriter(FILE)));
    expect(writers.filter((writer) => writer !== null)).toHaveLength(1);
  });

  it('are free at once for whoever gave them back', async () => {
    release(await locks.tryWriter(FILE));
    const alone = await locks.tryAlone(FILE);
    expect(alone).not.toBeNull();
    release(alone);
    const reader = await locks.tryReader(FILE);
    expect(reader).not.toBeNull();
    release(reader);
    expect(await locks.tryAlone(FILE)).not.toBeNull();
  });
});

describe('WebFileLocks', () => {
  it('of two tabs keep each other away, until one is gone', async () => {
    const browser = new WebLocks();
    const [here, there] = [new WebFileLocks(browser), new WebFileLocks(browser)];
    expect(await here.tryWriter(FILE)).not.toBeNull();
    expect(await there.tryWriter(FILE)).toBeNull();
    expect(await there.tryReader(FILE)).not.toBeNull();
    browser.dropAll();
    expect(await there.tryAlone(FILE)).not.toBeNull();
  });

  it('are nobody’s where the browser refuses them', async () => {
    const browser = new WebLocks();
    browser.refusal = new DOMException('denied', 'SecurityError');
    const locks = new WebFileLocks(browser);
    expect(await locks.tryWriter(FILE)).toBeNull();
    expect(await locks.tryReader(FILE)).toBeNull();
    expect(await locks.tryAlone(FILE)).toBeNull();
    expect(await locks.held()).toBeNull();
  });

  it('leave nothing held', async () => {
    const browser = new WebLocks();
    const locks = new WebFileLocks(browser);
    release(await locks.tryAlone(FILE));
    release(await locks.tryWriter(FILE));
    release(await locks.tryReader(FILE));
    release(await locks.tryAlone(FILE));
    await locks.tryReader('sha256-2').then(release);
    expect(await locks.tryAlone('sha256-2').then((held) => held !== null)).toBe(true);
    expect([...browser.held].map(({ name }) => name)).toEqual([
      'witan.file.write.sha256-2',
      'witan.file.read.sha256-2',
    ]);
  });
});
