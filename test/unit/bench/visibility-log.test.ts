import { describe, expect, it } from 'vitest';
import { VisibilityLog } from '../../../src/bench/visibility-log.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

describe('VisibilityLog', () => {
  it('adds up hidden time and episodes, a current one included', () => {
    const clock = new VirtualClock(500);
    const log = new VisibilityLog(clock, false);
    expect(log.read()).toEqual({ hidden: false, episodes: 0, hiddenMs: 0 });
    log.note(true);
    clock.advance(40);
    expect(log.read()).toEqual({ hidden: true, episodes: 1, hiddenMs: 40 });
    log.note(true); // said twice, still one episode
    clock.advance(10);
    log.note(false);
    log.note(false);
    clock.advance(1000);
    expect(log.read()).toEqual({ hidden: false, episodes: 1, hiddenMs: 50 });
    log.note(true);
    log.note(false);
    expect(log.read()).toEqual({ hidden: false, episodes: 2, hiddenMs: 50 });
  });

  it('counts a tab that starts hidden', () => {
    expect(new VisibilityLog(new VirtualClock(), true).read()).toMatchObject({ hidden: true, episodes: 1 });
  });
});
