import { beforeEach, describe, expect, it } from 'vitest';
import { ResponseModel } from '../../../src/ui/response-model.svelte.ts';
import { hitLine, keptLine } from '../../../src/ui/response-words.ts';
import { FakeResponsePort, RESPONSE_STATS } from '../../fakes/response-port.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

let clock: VirtualClock;
let port: FakeResponsePort;
let fetched: boolean;
let model: ResponseModel;

beforeEach(() => {
  clock = new VirtualClock();
  port = new FakeResponsePort();
  fetched = true;
  const responses = (): Promise<FakeResponsePort> =>
    fetched ? Promise.resolve(port) : Promise.reject(new TypeError('Failed to fetch'));
  model = new ResponseModel({ responses }, clock);
});

describe('the cache of answers', () => {
  it('is looked at until the page is left', async () => {
    const leave = model.connect();
    await turn();
    expect(model.stats).toEqual(RESPONSE_STATS);
    port.now = { ...RESPONSE_STATS, hits: 4 };
    clock.advance(3_000);
    await turn();
    expect(model.stats?.hits).toBe(4);
    leave();
    port.now = { ...RESPONSE_STATS, hits: 5 };
    clock.advance(9_000);
    await turn();
    expect(model.stats?.hits).toBe(4);
  });

  it('is emptied, turned off and on, and says so', async () => {
    model.connect();
    await turn();
    await model.forgetAll();
    expect([model.stats?.entries, model.announcement]).toEqual([0, 'All answers are forgotten.']);
    await model.setEnabled(false);
    expect(model.stats?.enabled).toBe(false);
    expect(model.announcement).toContain('Every question is asked');
    await model.setEnabled(true);
    expect(model.stats?.enabled).toBe(true);
  });

  it('that cannot be changed says why, and shows what still holds', async () => {
    model.connect();
    await turn();
    port.failing = true;
    await model.setEnabled(false);
    expect(model.problem).toMatchObject({ code: 'storage-failed' });
    expect([model.stats?.enabled, model.changing, model.announcement]).toEqual([true, false, '']);
  });

  it('whose code cannot be fetched is tried again', async () => {
    fetched = false;
    model.connect();
    await turn();
    expect([model.stats, model.problem?.code]).toEqual([null, 'internal']);
    fetched = true;
    clock.advance(3_000);
    await turn();
    expect(model.stats).toEqual(RESPONSE_STATS);
    expect(model.problem).toBeNull();
  });
});

describe('in words', () => {
  const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

  it('it says what is kept', () => {
    expect(plain(keptLine(RESPONSE_STATS))).toBe('42 answers are kept: 97 kB.');
    expect(plain(keptLine({ ...RESPONSE_STATS, entries: 1 }))).toMatch(/^1 answer is kept/);
    expect(keptLine({ ...RESPONSE_STATS, entries: 0 })).toBe('None is kept yet.');
    expect(keptLine({ ...RESPONSE_STATS, persistent: false })).toContain('end with this tab');
    expect(keptLine({ ...RESPONSE_STATS, enabled: false })).toContain('every question is asked');
  });

  it('it says how many questions were answered from it, of all', () => {
    expect(plain(hitLine(RESPONSE_STATS))).toContain('3 of 13 questions answered from them (23 %); 1 could');
    expect(plain(hitLine({ ...RESPONSE_STATS, bypassed: 0 }))).toMatch(/3 of 12 questions .* \(25 %\)\.$/);
    expect(hitLine({ ...RESPONSE_STATS, hits: 0, misses: 0, bypassed: 0 })).toMatch(/: no question yet\.$/);
  });
});
