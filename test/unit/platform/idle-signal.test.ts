import { describe, expect, it } from 'vitest';
import { IdleSignal, type IdleSources } from '../../../src/platform/idle-signal.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const CALM: IdleSources = {
  visible: () => true,
  pressure: () => Promise.resolve('nominal'),
  battery: () => Promise.resolve({ charging: true }),
  saveData: () => false,
  requestIdle: (task) => {
    task();
  },
};
const signalOf = (sources: Partial<IdleSources>, clock = new VirtualClock()): IdleSignal =>
  new IdleSignal(clock, { ...CALM, ...sources });

describe('reluctance', () => {
  it.each<[string | null, Partial<IdleSources>]>([
    [null, {}],
    ['hidden', { visible: () => false }],
    ['saver', { saveData: () => true }],
    ['battery', { battery: () => Promise.resolve({ charging: false }) }],
    ['pressure', { pressure: () => Promise.resolve('serious') }],
    ['pressure', { pressure: () => Promise.resolve('critical') }],
    [null, { pressure: () => Promise.resolve('fair') }],
    [null, { pressure: () => Promise.resolve(null), battery: undefined }],
    [null, { battery: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }],
  ])('is %s', async (why, sources) => {
    expect(await signalOf(sources).reluctance()).toBe(why);
  });
});

describe('an idle moment', () => {
  it('is when the browser says so, or soon where it cannot', async () => {
    await signalOf({}).idle(new AbortController().signal);
    const clock = new VirtualClock();
    let reached = false;
    void signalOf({ requestIdle: undefined }, clock)
      .idle(new AbortController().signal)
      .then(() => {
        reached = true;
      });
    await turn();
    expect(reached).toBe(false);
    clock.advance(50);
    await turn();
    expect(reached).toBe(true);
  });

  it('is waited for no longer than somebody wants it', async () => {
    const stop = new AbortController();
    const waiting = signalOf({ requestIdle: () => undefined }).idle(stop.signal);
    stop.abort();
    await waiting;
    expect(stop.signal.aborted).toBe(true);
  });
});
