import { describe, expect, it } from 'vitest';
import type { Recommendation, ScalabilityInput } from '#contracts/scalability';
import { projectScalability } from '../../../../src/capacity/scalability/project-scalability.ts';
import { input, member } from '../../../fakes/scalability-inputs.ts';

const GIB = 2 ** 30;
const advice = (change: Partial<ScalabilityInput>): Recommendation[] =>
  projectScalability(input(change)).recommendations;
const named = (change: Partial<ScalabilityInput>, title: string): Recommendation | undefined =>
  advice(change).find((one) => one.title.includes(title));
const card = (id: string) => member({ id, name: id, backend: 'webgpu' });

/** A device on which nothing follows: all models fit, the council runs on the card and is done soon. */
const CONTENT: Partial<ScalabilityInput> = {
  members: [member({ backend: 'webgpu', bandwidthShare: 0.1 })],
  models: [{ name: 'Small', memoryBytes: GIB, parameters: 1e9 }],
};

it('says nothing where nothing follows', () => {
  expect(advice(CONTENT)).toEqual([]);
  expect(advice({ members: [], models: [] })).toEqual([]);
});

describe('now', () => {
  it('threads, where the page is not isolated and there are cores to use', () => {
    const alone = { isolated: false, threads: 1, threadScaling: null };
    expect(named({ ...alone, cores: 8 }, 'all its cores')).toMatchObject({
      horizon: 'now',
      because: 'This page is not isolated: 1 of 8 cores is used, by 2 members.',
    });
    for (const none of [
      { cores: 1 },
      { cores: null },
      { cores: 8, members: [card('a')] },
      { cores: 8, isolated: true },
    ])
      expect(named({ ...alone, ...none }, 'all its cores')).toBeUndefined();
  });

  it('another browser where this one offers no card; the card where nothing runs on it', () => {
    expect(named({ graphics: null }, 'Try a browser')?.because).toContain('on the processor: 2.');
    expect(named({}, 'Try members on the graphics card')?.because).toBe(
      'There is a graphics card that reads 100 GB/s; members on it: 0, on the processor: 2.',
    );
    expect(named({ graphics: null, supposed: true }, 'Try')).toBeUndefined();
    const unmeasured = { graphics: { cards: 1, readGBps: null } };
    expect(named(unmeasured, 'Try members')?.because).toMatch(/^There is a graphics card; members on it: 0/);
    expect(named({ members: [member(), card('a')] }, 'Try')).toBeUndefined();
    expect(named({ graphics: null, members: [member({ backend: 'remote' })] }, 'Try')).toBeUndefined();
  });

  it('a smaller council: without the slowest, as many as answer in bearable time', () => {
    const slow = (ms: number) =>
      member({
        name: `S${ms}`,
        decodeMs: { low: ms, median: ms, high: ms },
        prefillMs: { low: 0, median: 0, high: 0 },
      });
    // 30 + 60 + 90 s of the 100 that 100 tokens may take.
    const found = named({ members: [slow(300), slow(900), slow(600)] }, 'smaller council');
    expect(found).toMatchObject({
      detail: 'Without S900 it takes 90 s.',
      because: 'A council of 3 needs 180 s for 100 tokens each: less than one token a second.',
    });
    expect(named({ members: [slow(300), slow(600)] }, 'smaller council')).toBeUndefined();
    const hopeless = named({ members: [slow(1200), slow(1300)] }, 'Smaller models');
    expect(hopeless?.because).toContain('Not even the fastest alone is done in 100 s.');
    // The card and the processor work at the same time: without the processor's member the rest is quick.
    const mixed = { members: [slow(1500), { ...slow(300), backend: 'webgpu' as const }] };
    expect(named(mixed, 'smaller council')?.detail).toBe('Without S1500 it takes 30 s.');
  });

  it('fewer questions where the queue has no end', () => {
    expect(named({ questionsPerMinute: 10 }, 'Fewer questions')?.because).toBe(
      '10 a minute are asked and 5 can be answered (utilisation 200 %).',
    );
    expect(named({ questionsPerMinute: 4 }, 'Fewer questions')).toBeUndefined();
  });
});

describe('later', () => {
  it('names what makes the council faster by a quarter, most first, with both speeds', () => {
    const members = [card('a'), card('b')];
    const medium = advice({ members }).filter(({ horizon }) => horizon === 'medium');
    expect(medium.map(({ title }) => title)).toEqual([
      'One more graphics card',
      'A graphics card that reads faster',
      'More memory',
    ]);
    expect(medium[0]?.because).toBe(
      'From 20 (18.2 to 22.2) tokens per second to 40 (29.1 to 44.4) tokens per second; today bandwidth binds.',
    );
    // 1.17 times as fast is not worth its price.
    expect(named({}, 'More processor cores')).toBeUndefined();
    expect(named({ members: [member({ bandwidthShare: 0 })] }, 'More processor cores')).toBeDefined();
  });

  it('memory, where a larger model or another seat fits then', () => {
    expect(named({}, 'More memory')?.because).toBe(
      'Large would fit, where Middle is the largest today; the next larger one needs 6 GiB and 4 GiB are usable; 4 seats instead of 2.',
    );
    // Nothing at twice the memory, the huge one at four times.
    const models = [{ name: 'Huge', memoryBytes: 14 * GIB, parameters: 3e10 }];
    expect(named({ models }, 'More memory')?.detail).toContain('Four times the memory (32 GiB)');
    expect(named({ models: [] }, 'More memory')).toBeUndefined();
  });

  it('the fewest servers that end a queue, or make answers sooner', () => {
    const found = named({ questionsPerMinute: 6 }, 'servers of your own');
    expect(found).toMatchObject({ horizon: 'long' });
    expect(found?.because).toContain('At 6 questions a minute this device is used to 120 %');
    expect(named({}, 'servers of your own')?.because).toContain('answers take 12 s here, and 6 s');
    expect(named({ members: [member()] }, 'servers of your own')).toBeUndefined();
  });
});

describe('risks', () => {
  it('a queue that is nearly full', () => {
    // 4.2 · 12/60 = 84 %; 0.84 · 12 / (2 · 0.16) = 31.5 s.
    expect(named({ questionsPerMinute: 4.2 }, 'Little room')?.because).toBe(
      'At 4.2 a minute it is used to 84 %, and a question waits 31.5 s on average.',
    );
    expect(named({ questionsPerMinute: 3.9 }, 'Little room')).toBeUndefined();
  });

  it('cores that would hardly help, unless they are not what is waited for', () => {
    const members = [member({ bandwidthShare: 0.9 })];
    expect(named({ members }, 'cores alone')?.because).toMatch(
      /^Twice the cores: 1\.0\d times as fast; 90 % .* is spent/,
    );
    expect(named({ members: [member({ bandwidthShare: 0.1 })] }, 'cores alone')).toBeUndefined();
    const slowCard = { ...card('a'), decodeMs: { low: 400, median: 400, high: 400 } };
    expect(named({ members: [...members, slowCard] }, 'cores alone')).toBeUndefined();
    expect(named({ members, isolated: false }, 'cores alone')).toBeUndefined();
  });

  it('a second card that a page may not reach', () => {
    expect(named({ members: [card('a'), card('b')] }, 'further graphics card')?.because).toContain(
      '2 members',
    );
    expect(named({ members: [card('a')] }, 'further graphics card')).toBeUndefined();
  });

  it('memory of which nobody tells', () => {
    expect(named({ memoryBytes: null }, 'is not known')?.because).toContain('the council takes 2 GiB');
    expect(named({ memoryIsFloor: true }, 'is not known')?.because).toContain('8 GiB or more');
    expect(named({}, 'is not known')).toBeUndefined();
  });

  it('memory that an engine cannot use', () => {
    expect(named({ graphics: null }, 'more than memory')?.because).toBe(
      'Large needs 6 GiB; twice the memory would have 8 GiB usable, and an engine takes 4 GiB of that.',
    );
    expect(named({}, 'more than memory')).toBeUndefined();
  });

  it('figures that are rough already, and questions that leave the device', () => {
    const rough = [member({ decodeMs: { low: 30, median: 50, high: 70 } })];
    expect(named({ members: rough }, 'rough')?.because).toContain('between 14.3 and 33.3 tokens per second');
    expect(named({}, 'rough')).toBeUndefined();
    // Its width is that of the supposition.
    expect(named({ members: rough, supposed: true }, 'rough')).toBeUndefined();
    const away = { members: [member(), member({ backend: 'remote' })], remoteServers: 1 };
    expect(named(away, 'leave this device')?.because).toBe('Members on servers: 1 of 2; servers: 1.');
    expect(named({}, 'leave this device')).toBeUndefined();
  });
});
