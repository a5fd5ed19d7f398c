import { beforeEach, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { StoredFile } from '#contracts/model-store';
import { HeldModels, type HeldModelSource } from '../../../src/app/held-models.ts';
import { WebFileLocks } from '../../../src/storage/model-store/web-file-locks.ts';
import { storedModel } from '../../fakes/models-port.ts';
import { turn } from '../../fakes/turn.ts';
import { WebLocks } from '../../fakes/web-locks.ts';

const file = (id: string): StoredFile => ({
  id,
  state: 'verified',
  sizeBytes: 4,
  keptBytes: 4,
  chunks: 1,
  keptChunks: 1,
  sha256: null,
  urls: [],
  faults: [],
  checkedAtMs: null,
  lostChunks: 0,
});
const FILES = [new Blob(['GGUF']), new Blob(['rest'])];
const MODEL = storedModel({ id: 'alder', files: [file('sha256-a'), file('sha256-b')] });

let browser: WebLocks;
let held: HeldModels;
let elsewhere: WebFileLocks;
const source = {
  list: vi.fn<HeldModelSource<Blob>['list']>(),
  read: vi.fn<HeldModelSource<Blob>['read']>(),
  released: vi.fn<HeldModelSource<Blob>['released']>(),
};

beforeEach(() => {
  vi.resetAllMocks();
  browser = new WebLocks();
  held = new HeldModels(new WebFileLocks(browser));
  elsewhere = new WebFileLocks(browser);
  source.list.mockResolvedValue(ok([MODEL]));
  source.read.mockResolvedValue(ok(FILES));
  source.released.mockResolvedValue(undefined);
});

it('keeps every file of a model from being taken away until all of them are given back', async () => {
  const opened = await held.open('alder', source);
  if (!opened.ok) throw new Error(opened.error.code);
  expect(opened.value.files).toBe(FILES);
  expect(await elsewhere.tryAlone('sha256-a')).toBeNull();
  expect(await elsewhere.tryAlone('sha256-b')).toBeNull();
  expect(await elsewhere.tryReader('sha256-a')).not.toBeNull();
  source.released.mockImplementation(() => {
    expect([...browser.held].map(({ name }) => name)).toEqual(['witan.file.read.sha256-a']);
    return Promise.resolve();
  });
  opened.value.release();
  opened.value.release();
  await vi.waitFor(() => {
    expect(source.released).toHaveBeenCalledOnce();
  });
  expect(await elsewhere.tryAlone('sha256-b')).not.toBeNull();
});

it('holds the files while they are read, before the first byte', async () => {
  source.read.mockImplementation(async () => {
    expect(await elsewhere.tryAlone('sha256-a')).toBeNull();
    return ok(FILES);
  });
  expect(await held.open('alder', source)).toMatchObject({ ok: true });
  expect.assertions(2);
});

it.each([
  ['says why', () => Promise.resolve(err(failure('model-invalid', { reason: 'chunk' })))],
  ['throws', () => Promise.reject(new Error('no worker'))],
])('holds nothing when the store %s', async (_, read) => {
  source.read.mockImplementation(read);
  await held.open('alder', source).catch(() => undefined);
  await turn();
  await elsewhere.held();
  expect(browser.held.size).toBe(0);
});

it('does not know a model that is not there, or of which a file is being taken away', async () => {
  const unknown = { ok: false, error: failure('member-unknown', { member: 'alder' }) };
  await elsewhere.tryAlone('sha256-b');
  expect(await held.open('alder', source)).toEqual(unknown);
  expect(await elsewhere.tryAlone('sha256-a')).not.toBeNull();
  source.list.mockResolvedValue(ok([]));
  expect(await held.open('alder', source)).toEqual(unknown);
  expect(source.read).not.toHaveBeenCalled();
});

it('hands out files where there are no locks', async () => {
  expect(await new HeldModels(null).open('alder', source)).toMatchObject({ value: { files: FILES } });
});
