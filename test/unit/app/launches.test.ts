import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { takeLaunches } from '../../../src/app/launches.ts';
import type { Launch, LaunchQueue } from '../../../src/platform/launch-queue.ts';
import { FakeModelsPort } from '../../fakes/models-port.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

/** As the browser's: what is launched before there is a consumer waits for it. */
class FakeQueue implements LaunchQueue {
  #consumer: ((launch: Launch) => void) | null = null;
  readonly #waiting: Launch[] = [];

  setConsumer(consumer: (launch: Launch) => void): void {
    this.#consumer = consumer;
    for (const launch of this.#waiting.splice(0)) consumer(launch);
  }

  launch(launch: Launch): void {
    if (this.#consumer === null) this.#waiting.push(launch);
    else this.#consumer(launch);
  }
}

const handle = (name: string): NonNullable<Launch['files']>[number] => ({
  name,
  getFile: () => Promise.resolve(new File(['GGUF'], name)),
});

let queue: FakeQueue;
let models: FakeModelsPort;
let clock: VirtualClock;
let failures: number;
let shown: string[];

const start = (): void => {
  takeLaunches(
    queue,
    {
      models: () => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(models);
      },
    },
    clock,
    (hash) => {
      shown.push(hash);
    },
  );
};

const opened = (): readonly string[] => present(models.opened.take(), 'launch').map(({ name }) => name);

beforeEach(() => {
  queue = new FakeQueue();
  models = new FakeModelsPort();
  clock = new VirtualClock();
  failures = 0;
  shown = [];
});

describe('files that the app is opened with', () => {
  it('lead to the Models page and wait for it, launch by launch, also those from before it started', async () => {
    queue.launch({ files: [handle('a.gguf')], targetURL: 'https://witan.example/' });
    start();
    queue.launch({ files: [handle('b.gguf'), handle('c.gguf')] });
    await turn();
    expect(shown).toEqual(['#/models', '#/models']);
    expect(opened()).toEqual(['a.gguf']);
    expect(opened()).toEqual(['b.gguf', 'c.gguf']);
    expect(models.opened.take()).toBeNull();
  });

  it('are not lost when the code of the store does not come at once', async () => {
    failures = 3;
    start();
    queue.launch({ files: [handle('a.gguf')] });
    await turn();
    for (let tries = 0; tries < 3; tries += 1) {
      expect(models.opened.take()).toBeNull();
      clock.step();
      await turn();
    }
    expect(opened()).toEqual(['a.gguf']);
    expect(clock.pending).toBe(0);
  });

  it('that cannot be read any more are named all the same, beside those that can', async () => {
    start();
    const gone = {
      ...handle('gone.gguf'),
      getFile: () => Promise.reject(new DOMException('gone', 'NotFoundError')),
    };
    queue.launch({ files: [gone, handle('here.gguf')] });
    await turn();
    const files = present(models.opened.take(), 'launch');
    expect(files.map(({ name, size }) => [name, size])).toEqual([
      ['gone.gguf', 0],
      ['here.gguf', 4],
    ]);
  });
});

describe('a launch without files', () => {
  it.each([
    ['leads to the page that its address names', 'https://witan.example/app/#b1.xyz', ['#b1.xyz']],
    ['leaves the page as it is where it names none', 'https://witan.example/app/', []],
    ['leaves the page as it is without an address', null, []],
  ])('%s', async (_what, targetURL, hashes) => {
    start();
    queue.launch({ targetURL });
    await turn();
    expect(shown).toEqual(hashes);
    expect(models.opened.take()).toBeNull();
  });
});
