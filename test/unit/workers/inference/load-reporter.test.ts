import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LoadProgress } from '#contracts/engine';
import { LoadReporter } from '../../../../workers/inference/load-reporter.ts';

let sent: LoadProgress[];
let reporter: LoadReporter;
let nowMs: number;

beforeEach(() => {
  sent = [];
  nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  reporter = new LoadReporter({
    postMessage: (progress: LoadProgress) => sent.push(progress),
    close: () => undefined,
  } as unknown as MessagePort);
});

afterEach(() => {
  vi.restoreAllMocks();
});

it('reports at most four times a second', () => {
  for (nowMs = 0; nowMs < 10_000; nowMs += 10) reporter.report({ phase: 'fetch', fraction: nowMs / 20_000 });
  expect(sent).toHaveLength(40);
});

it('lets the beginning and the end of a phase through at once', () => {
  reporter.report({ phase: 'fetch', fraction: 0.5 });
  reporter.report({ phase: 'fetch', fraction: 0.9 });
  reporter.report({ phase: 'fetch', fraction: 1 });
  reporter.report({ phase: 'fetch', fraction: 1 });
  reporter.report({ phase: 'upload', fraction: 0 });
  expect(sent.map(({ phase, fraction }) => `${phase} ${fraction}`)).toEqual([
    'fetch 0.5',
    'fetch 1',
    'upload 0',
  ]);
});

it('minds no page that does not listen', () => {
  const deaf = new LoadReporter(undefined);
  deaf.report({ phase: 'fetch', fraction: 1 });
  deaf.close();
});
