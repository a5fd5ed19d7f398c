import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { StoreLog, type LogStore } from '../../../src/storage/store-log.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const KEY = 'witan.store-log';
const FULL = failure('storage-full', { reason: 'quota' });

class MemoryLog implements LogStore {
  readonly values = new Map<string, string>();
  full = false;
  getItem = (key: string): string | null => this.values.get(key) ?? null;
  setItem = (key: string, value: string): void => {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.values.set(key, value);
  };
}

let clock: VirtualClock;
let store: MemoryLog;
let log: StoreLog;
const reopened = (): StoreLog => new StoreLog(clock, store);

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryLog();
  log = new StoreLog(clock, store);
});

describe('trouble', () => {
  it('is found by the next visit, with what ended it', () => {
    const firstAtMs = clock.epochMs();
    log.failed('download', 'alder', FULL);
    clock.advance(5_000);
    reopened().succeeded('download', 'alder');
    expect(reopened().troubles).toEqual([
      {
        firstAtMs,
        lastAtMs: firstAtMs,
        times: 1,
        doing: 'download',
        modelId: 'alder',
        code: 'storage-full',
        reason: 'quota',
        healedAtMs: clock.epochMs(),
        healedBy: 'download',
      },
    ]);
  });

  it('that comes again counts up as long as it lasts', () => {
    log.failed('list', null, failure('storage-unavailable'));
    clock.advance(100);
    log.failed('list', null, failure('storage-unavailable'));
    expect(log.troubles).toMatchObject([{ times: 2, lastAtMs: clock.epochMs(), healedAtMs: null }]);
    log.succeeded('list', null);
    log.failed('list', null, failure('storage-unavailable'));
    expect(log.troubles.map(({ times, healedBy }) => [times, healedBy])).toEqual([
      [2, 'list'],
      [1, null],
    ]);
  });

  it('with one model is not over because another is well; trouble with the store is', () => {
    log.failed('verify', 'alder', failure('model-invalid', { reason: 'chunk' }));
    log.failed('list', null, failure('worker-lost'));
    log.succeeded('read', 'birch');
    expect(log.troubles.map(({ healedBy }) => healedBy)).toEqual([null, 'read']);
  });

  it('is kept to the last fifty', () => {
    for (let at = 0; at < 60; at += 1) log.failed('download', `m${at}`, FULL);
    expect(log.troubles).toHaveLength(50);
    expect(log.troubles[0]?.modelId).toBe('m10');
  });

  it('is none when somebody stopped, or asked for what is not there', () => {
    log.failed('download', 'alder', failure('cancelled'));
    log.failed('download', 'alder', failure('member-unknown'));
    expect(log.troubles).toEqual([]);
  });
});

it('keeps what the browser said of persistence', () => {
  expect(log.persistence).toBeNull();
  log.asked(false);
  expect(reopened().persistence).toEqual({ askedAtMs: clock.epochMs(), answer: false });
});

it('keeps speeds every five seconds, of the last twenty models', () => {
  log.downloading('alder', 1_000);
  clock.advance(4_999);
  log.downloading('alder', 2_000);
  expect(reopened().speed('alder')).toBe(1_000);
  clock.advance(1);
  log.downloading('alder', 3_000);
  expect(reopened().speed('alder')).toBe(3_000);
  for (let at = 0; at < 20; at += 1) log.downloading(`m${at}`, 1);
  expect([log.speed('alder'), log.speed('m19')]).toEqual([null, 1]);
});

describe('where it cannot be kept', () => {
  it.each([
    ['there is no store', () => new StoreLog(clock, null)],
    [
      'the store is full',
      () => {
        store.full = true;
        return log;
      },
    ],
    [
      'it is damaged',
      () => {
        store.values.set(KEY, '{');
        return log;
      },
    ],
  ])('because %s, it is of this visit', (_, make) => {
    const made = make();
    made.failed('download', 'alder', FULL);
    made.asked(true);
    expect(made.troubles).toHaveLength(1);
    expect(made.persistence?.answer).toBe(true);
  });

  it('because a newer version keeps it in another form, that form stays', () => {
    const newer = JSON.stringify({ schema: 'witan.store-log', version: 2, more: [1] });
    store.values.set(KEY, newer);
    log.asked(true);
    expect(store.values.get(KEY)).toBe(newer);
    expect(log.troubles).toEqual([]);
  });
});
