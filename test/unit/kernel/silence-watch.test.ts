import { beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../../../src/kernel/pause.ts';
import { SilenceWatch } from '../../../src/kernel/silence-watch.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

let clock: VirtualClock;
let stop: AbortController;

beforeEach(() => {
  clock = new VirtualClock();
  stop = new AbortController();
});

describe('the watch', () => {
  it('ends what was silent for too long, and says what was waited for', () => {
    const watch = new SilenceWatch(clock, stop.signal);
    watch.allow(100, 'first-token');
    clock.advance(99);
    watch.allow(50, 'token-gap'); // something was heard
    clock.advance(49);
    expect(watch.signal.aborted).toBe(false);
    clock.advance(1);
    expect(watch.signal.aborted).toBe(true);
    expect(watch.silence).toEqual({ phase: 'token-gap', silentMs: 50 });
  });

  it('does not take a stop for silence', () => {
    const watch = new SilenceWatch(clock, stop.signal);
    watch.allow(100, 'first-token');
    stop.abort();
    expect(watch.signal.aborted).toBe(true);
    expect(watch.silence).toBeNull();
    watch.allow(100, 'token-gap'); // a token that was on its way
    expect(clock.pending).toBe(0);
  });

  it('rests while it is not the turn of the server', () => {
    const watch = new SilenceWatch(clock, stop.signal);
    watch.allow(100, 'token-gap');
    watch.rest();
    clock.advance(1_000);
    expect(watch.signal.aborted).toBe(false);
  });

  it('is over before it begins when the stop was first', () => {
    stop.abort();
    const watch = new SilenceWatch(clock, stop.signal);
    watch.allow(100, 'first-token');
    expect(watch.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('lets go of everything at its end', () => {
    const watch = new SilenceWatch(clock, stop.signal);
    watch.allow(100, 'first-token');
    watch.end();
    expect(clock.pending).toBe(0);
    expect(watch.signal.aborted).toBe(true); // the connection, too
    expect(watch.silence).toBeNull();
  });
});

describe('a pause', () => {
  it('lasts as long as it should', async () => {
    const waiting = pause(clock, stop.signal, 100);
    clock.advance(100);
    expect(await waiting).toBe(true);
  });

  it('ends at once when it is stopped, and leaves no timer', async () => {
    const waiting = pause(clock, stop.signal, 100);
    stop.abort();
    expect(await waiting).toBe(false);
    expect(clock.pending).toBe(0);
    expect(await pause(clock, stop.signal, 100)).toBe(false);
  });
});
