import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { LIBRARY_HOST } from '#contracts/mlc-twin';
import {
  canMeasure,
  measureConsent,
  measureFailureWords,
  measureLabel,
  microProgress,
  modelFailureWords,
  modelProgress,
  speedProgress,
  timeLeft,
} from '../../../../src/ui/device/measure-words.ts';
import { estimate } from '../../../fakes/capacity-data.ts';

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

describe('a model of WebLLM', () => {
  const ours = { engine: 'web-llm', caveats: ['no-library'] } as const;

  it('can be measured where its engine has a card', () => {
    expect(canMeasure({ ...ours, caveats: [...ours.caveats] })).toBe(true);
    expect(canMeasure({ ...ours, caveats: ['needs-graphics-card'] })).toBe(false);
    expect(canMeasure({ engine: 'wllama', caveats: [] })).toBe(false);
  });

  it('names what is fetched, how much, from where, and what it takes', () => {
    expect(measureLabel({ method: 'none' })).toBe(`Measure without its weights (about 4${NBSP}MB)`);
    expect(measureLabel({ method: 'measured' })).toBe('Measure it again');
    const consent = measureConsent({ memory: estimate(880 * 2 ** 20) });
    for (const part of [`4${NBSP}MB`, `at most 16${NBSP}MB`, LIBRARY_HOST, `880${NBSP}MiB`])
      expect(consent).toContain(part);
    expect(measureConsent({ memory: null })).not.toContain('null');
  });

  it('comes from the host that its yes names', () => {
    const { libraryBase } = v.parse(
      v.object({ libraryBase: v.string() }),
      JSON.parse(readFileSync('public/catalogue/web-llm.json', 'utf8')),
    );
    expect(new URL(libraryBase).host).toBe(LIBRARY_HOST);
  });

  it('says how far its measurement is, and why it failed, in its own words', () => {
    expect(modelProgress(null)).toBeNull();
    expect(modelProgress({ phase: 'fetch', fraction: 0, secondsLeft: null })?.what).toBe(
      'Fetching its program',
    );
    const codes = [
      'model-fetch-failed',
      'model-invalid',
      'engine-incompatible',
      'request-unsupported',
      'out-of-memory',
      'device-lost',
      'worker-lost',
    ] as const;
    for (const code of codes) {
      const words = modelFailureWords(failure(code)).words ?? [];
      expect(words).toHaveLength(2);
      for (const sentence of words) expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
    expect(modelFailureWords(failure('engine-unavailable'))).toEqual({});
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
