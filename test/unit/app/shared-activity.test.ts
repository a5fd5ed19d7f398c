import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  SharedActivity,
  type ActivityChannel,
  type ActivityMessage,
} from '../../../src/app/shared-activity.ts';
import { modelProgress } from '../../fakes/models-port.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const { here: _here, ...PROGRESS } = modelProgress();

/** Channels of several tabs: each hears the others, not itself. */
class Line implements ActivityChannel {
  readonly #all: Line[];
  onmessage: ActivityChannel['onmessage'] = null;

  constructor(all: Line[]) {
    this.#all = all;
    all.push(this);
  }

  postMessage(data: ActivityMessage): void {
    for (const other of this.#all)
      if (other !== this) other.onmessage?.(new MessageEvent('message', { data }));
  }
}

/** The line between the tabs goes dead. */
let cut: () => void;
let clock: VirtualClock;
let mine: SharedActivity;
let theirs: SharedActivity;

beforeEach(() => {
  clock = new VirtualClock();
  const lines: Line[] = [];
  cut = () => lines.splice(0);
  mine = new SharedActivity(clock, new Line(lines));
  theirs = new SharedActivity(clock, new Line(lines));
});

describe('work in one tab', () => {
  it('is seen in the other, as work elsewhere, until it ends', () => {
    const listener = vi.fn();
    theirs.subscribe(listener);
    mine.progress(PROGRESS);
    expect(mine.all()).toEqual([{ ...PROGRESS, here: true }]);
    expect(theirs.all()).toEqual([{ ...PROGRESS, here: false }]);
    mine.progress({ ...PROGRESS, doneBytes: 200_000_000 });
    expect(theirs.all()).toMatchObject([{ doneBytes: 200_000_000 }]);
    mine.ended(PROGRESS.modelId);
    expect([mine.all(), theirs.all()]).toEqual([[], []]);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('is told again while nothing happens, and is over when its tab is gone', () => {
    mine.progress(PROGRESS);
    clock.advance(200_000);
    expect(theirs.all()).toHaveLength(1);
    cut();
    clock.advance(65_000);
    expect(theirs.all()).toHaveLength(1);
    clock.advance(4_000);
    expect(theirs.all()).toEqual([]);
    expect(mine.all()).toHaveLength(1);
  });

  it('that has ended is not told again', () => {
    mine.progress(PROGRESS);
    mine.ended(PROGRESS.modelId);
    clock.advance(200_000);
    expect(theirs.all()).toEqual([]);
  });

  it('on the same model as here is shown once, as work here', () => {
    mine.progress(PROGRESS);
    theirs.progress(PROGRESS);
    expect(theirs.all()).toEqual([{ ...PROGRESS, here: true }]);
  });
});

it('a change is told to all tabs', () => {
  const [here, there] = [vi.fn(), vi.fn()];
  mine.subscribe(here);
  const leave = theirs.subscribe(there);
  mine.changed();
  leave();
  mine.changed();
  expect([here.mock.calls.length, there.mock.calls.length]).toEqual([2, 1]);
});

it('without a channel a tab knows of itself', () => {
  const alone = new SharedActivity(clock, null);
  alone.progress(PROGRESS);
  expect(alone.all()).toHaveLength(1);
  alone.ended(PROGRESS.modelId);
  expect(alone.all()).toEqual([]);
});

describe('a pause that another tab asks for', () => {
  it('reaches the tab that does the work, and is over when the work is', async () => {
    mine.onPauseAsked = vi.fn((modelId: string) => {
      mine.ended(modelId);
    });
    mine.progress(PROGRESS);
    expect([mine.isElsewhere(PROGRESS.modelId), theirs.isElsewhere(PROGRESS.modelId)]).toEqual([false, true]);
    expect(await theirs.askToPause(PROGRESS.modelId)).toBe(true);
    expect(mine.onPauseAsked).toHaveBeenCalledExactlyOnceWith(PROGRESS.modelId);
    expect(theirs.all()).toEqual([]);
  });

  it('is nothing to a tab that works on something else', () => {
    mine.onPauseAsked = vi.fn();
    mine.progress(PROGRESS);
    void theirs.askToPause('another');
    expect(mine.onPauseAsked).not.toHaveBeenCalled();
  });

  it('that nobody hears is given up', async () => {
    mine.progress(PROGRESS);
    cut();
    const asked = theirs.askToPause(PROGRESS.modelId);
    clock.advance(10_000);
    expect(await asked).toBe(false);
    expect(theirs.all()).toHaveLength(1);
  });
});
