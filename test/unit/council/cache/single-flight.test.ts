import { describe, expect, it } from 'vitest';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import { SingleFlight } from '../../../../src/council/cache/single-flight.ts';
import { turn } from '../../../fakes/turn.ts';

/** A task that ends when told, and then says how it was told. */
function task(): {
  readonly run: (signal: AbortSignal) => Promise<Outcome<string>>;
  readonly end: (said: string) => void;
  starts: number;
  stopped: number;
} {
  let end: (said: string) => void = () => undefined;
  const state = {
    starts: 0,
    stopped: 0,
    end: (said: string) => {
      end(said);
    },
    run: (signal: AbortSignal) => {
      state.starts += 1;
      return new Promise<Outcome<string>>((resolve) => {
        end = (said) => {
          resolve(ok(said));
        };
        signal.addEventListener('abort', () => {
          state.stopped += 1;
          resolve(ok('stopped'));
        });
      });
    },
  };
  return state;
}

const never = (): AbortSignal => new AbortController().signal;

describe('a task that several want', () => {
  it('runs once, and all hear the same', async () => {
    const flights = new SingleFlight<string>();
    const { run, end, ...state } = task();
    const wanted = [1, 2, 3].map(() => flights.run(never(), 'k', run));
    await turn();
    expect(flights.size).toBe(1);
    end('done');
    expect(await Promise.all(wanted)).toEqual([ok('done'), ok('done'), ok('done')]);
    expect(flights.size).toBe(0);
    expect(state.stopped).toBe(0);
  });

  it('runs again for who comes after it', async () => {
    const flights = new SingleFlight<string>();
    let runs = 0;
    const count = (): Promise<Outcome<string>> => Promise.resolve(ok(String(++runs)));
    expect(await flights.run(never(), 'k', count)).toEqual(ok('1'));
    expect(await flights.run(never(), 'k', count)).toEqual(ok('2'));
    expect(await Promise.all([flights.run(never(), 'a', count), flights.run(never(), 'b', count)])).toEqual([
      ok('3'),
      ok('4'),
    ]);
  });

  it('goes on while one of them still waits, whoever began it', async () => {
    const flights = new SingleFlight<string>();
    const shared = task();
    const [first, second] = [new AbortController(), new AbortController()];
    const left = flights.run(first.signal, 'k', shared.run);
    const stays = flights.run(second.signal, 'k', shared.run);
    await turn();
    first.abort();
    expect(await left).toMatchObject({ error: { code: 'cancelled' } });
    expect(shared.stopped).toBe(0);
    shared.end('done');
    expect(await stays).toEqual(ok('done'));
    expect(shared.starts).toBe(1);
  });

  it('is stopped with the last of them, who hears what it has to say of that', async () => {
    const flights = new SingleFlight<string>();
    const shared = task();
    const [first, second] = [new AbortController(), new AbortController()];
    const both = [flights.run(first.signal, 'k', shared.run), flights.run(second.signal, 'k', shared.run)];
    await turn();
    first.abort();
    await turn();
    second.abort();
    expect(await both[0]).toMatchObject({ error: { code: 'cancelled' } });
    expect(await both[1]).toEqual(ok('stopped'));
    expect(shared.stopped).toBe(1);
  });

  it('is not joined once it was stopped', async () => {
    const flights = new SingleFlight<string>();
    let ended = (): void => undefined;
    const slow = (signal: AbortSignal): Promise<Outcome<string>> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          ended = () => {
            resolve(ok('old'));
          };
        });
      });
    const leaver = new AbortController();
    const old = flights.run(leaver.signal, 'k', slow);
    await turn();
    leaver.abort();
    await turn();
    expect(await flights.run(never(), 'k', () => Promise.resolve(ok('new')))).toEqual(ok('new'));
    ended();
    expect(await old).toEqual(ok('old'));
    expect(flights.size).toBe(0);
  });

  it('that throws is a failure to all', async () => {
    const flights = new SingleFlight<string>();
    const broken = (): Promise<Outcome<string>> => {
      throw new Error('broken');
    };
    const both = [flights.run(never(), 'k', broken), flights.run(never(), 'k', broken)];
    for (const each of both) expect(await each).toMatchObject({ error: { code: 'internal' } });
    const gone = new AbortController();
    gone.abort();
    expect(await flights.run(gone.signal, 'k', broken)).toMatchObject({ error: { code: 'cancelled' } });
  });
});
