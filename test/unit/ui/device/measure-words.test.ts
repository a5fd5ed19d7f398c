import { describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import {
  measureFailureWords,
  microProgress,
  speedProgress,
  timeLeft,
} from '../../../../src/ui/device/measure-words.ts';

const NBSP = '\u00a0';

describe('the progress of a measurement', () => {
  it('names what is measured, and the time left once it is known', () => {
    const micro = microProgress({ name: 'storageReadMBps', fraction: 0.42, secondsLeft: null });
    expect(micro?.what).toBe('Storage reads');
    expect(timeLeft(micro)).toBe(`42${NBSP}%`);
    const speed = speedProgress({ phase: 'load', fraction: 0.5, secondsLeft: 11.2 });
    expect(timeLeft(speed)).toBe(`50${NBSP}%, about 12${NBSP}s left`);
  });

  it('is nothing before the first word of it', () => {
    expect(microProgress(null)).toBeNull();
    expect(speedProgress(null)).toBeNull();
    expect(timeLeft(null)).toBe('');
  });
});

describe('a measurement that failed', () => {
  it('does not speak of questions and members', () => {
    for (const code of ['queue-full', 'worker-lost', 'worker-silent', 'out-of-memory'] as const)
      expect(measureFailureWords(failure(code)).words?.join(' ')).toMatch(/measure/);
  });

  it('is told in the words of its code where those fit', () => {
    expect(measureFailureWords(failure('benchmark-void', { reason: 'hidden' }))).toEqual({});
  });
});
