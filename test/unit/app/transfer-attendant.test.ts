import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { ModelReceipt } from '#contracts/models';
import { TransferAttendant, type TransferAttendantPorts } from '../../../src/app/transfer-attendant.ts';
import { modelProgress, storedModel } from '../../fakes/models-port.ts';

let wanted: boolean[];
let badge: (number | 'clear')[];
let told: (readonly [string, string])[];
let visible: boolean;
let ports: TransferAttendantPorts;
let attendant: TransferAttendant;

beforeEach(() => {
  wanted = [];
  badge = [];
  told = [];
  visible = true;
  ports = {
    wakeLock: {
      want: (now) => {
        wanted.push(now);
      },
    },
    badge: {
      show: (value) => {
        badge.push(value);
      },
      clear: () => {
        badge.push('clear');
      },
    },
    notices: {
      tell: (title, body) => {
        told.push([title, body]);
        return Promise.resolve();
      },
    },
    visible: () => visible,
  };
  attendant = new TransferAttendant(ports);
});

const half = modelProgress({ doneBytes: 50, totalBytes: 100 });

describe('the screen', () => {
  it('stays on while something is fetched or taken in here, and no longer', () => {
    attendant.changed([half]);
    attendant.changed([modelProgress({ phase: 'import' })]);
    attendant.changed([]);
    expect(wanted).toEqual([true, true, false]);
  });

  it.each([
    ['in another tab', { here: false }],
    ['that is only read again', { phase: 'verify' }],
    ['that waits for the network', { waiting: { for: 'network' } }],
  ] as const)('may go off for work %s', (_what, change) => {
    attendant.changed([modelProgress(change)]);
    expect(wanted).toEqual([false]);
  });

  it('stays on when the network is back', () => {
    attendant.changed([modelProgress({ waiting: { for: 'network' } })]);
    attendant.changed([half]);
    expect(wanted).toEqual([false, true]);
  });
});

describe('the badge', () => {
  it('of a tab that was killed goes when the app is next at work', () => {
    expect(badge).toEqual(['clear']);
  });

  it('shows whole percents of all tabs together, each once, and goes at the end', () => {
    badge.length = 0;
    attendant.changed([half]);
    attendant.changed([modelProgress({ doneBytes: 50.4, totalBytes: 100 })]);
    attendant.changed([half, modelProgress({ modelId: 'b', here: false, doneBytes: 0, totalBytes: 300 })]);
    attendant.changed([modelProgress({ doneBytes: 100, totalBytes: 100 })]);
    attendant.changed([]);
    attendant.changed([]);
    expect(badge).toEqual([50, 12, 99, 'clear']);
  });

  it('is a dot while nobody knows how much it is', () => {
    attendant.changed([modelProgress({ totalBytes: null })]);
    attendant.changed([half, modelProgress({ modelId: 'b', totalBytes: null })]);
    expect(badge).toEqual(['clear', 0]);
  });

  it('is left to another tab that is at work', () => {
    badge.length = 0;
    const elsewhere = modelProgress({ modelId: 'b', here: false });
    attendant.changed([elsewhere]);
    attendant.changed([half, elsewhere]);
    attendant.changed([elsewhere]);
    attendant.changed([]);
    expect(badge).not.toContain('clear');
  });

  it('goes with the page', () => {
    badge.length = 0;
    attendant.changed([half]);
    attendant.leave();
    attendant.leave();
    expect(badge).toEqual([50, 'clear']);
  });

  it('is not missed where there is none, nor a wake lock', () => {
    const bare = new TransferAttendant({ ...ports, badge: null, wakeLock: null });
    bare.changed([half]);
    bare.changed([]);
    bare.leave();
    expect(badge).toEqual(['clear']);
  });
});

describe('word of the end', () => {
  const receipt: ModelReceipt = {
    model: storedModel(),
    transferredBytes: 1,
    resumedAtBytes: 0,
    repairedChunks: 0,
  };

  it('goes to those who look elsewhere, good or bad', () => {
    visible = false;
    attendant.downloadEnded('LFM2', ok(receipt));
    attendant.downloadEnded('LFM2', err(failure('storage-full')));
    expect(told).toEqual([
      ['LFM2 is on this device', 'It is complete and proved.'],
      [
        'LFM2 broke off',
        'The browser gives Witan no more room for files. Delete a model, then go on: what has been fetched is kept.',
      ],
    ]);
  });

  it('is not for those who see it, nor for those who ended it', () => {
    attendant.downloadEnded('LFM2', ok(receipt));
    visible = false;
    attendant.downloadEnded('LFM2', err(failure('cancelled')));
    expect(told).toEqual([]);
  });
});
