import { expect, it } from 'vitest';
import { systemClock } from '#kernel/clock';
import type { EvaluationTask, EvaluationWorkerApi } from '#contracts/evaluation-worker';
import { evaluateBeside } from '../../src/app/evaluate-beside.ts';
import { evaluate } from '../../src/council/evaluation/evaluate.ts';
import { EVALUATION_RULES } from '../../src/council/evaluation/evaluation-rules.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { recordedBallot, recordHead } from '../fakes/recorded-ballots.ts';

const PATIENCE = { silenceAllowedMs: 60_000 };
const started: { readonly alive: boolean }[] = [];
const beside = evaluateBeside((name) => {
  const worker = new WorkerSupervisor(systemClock).start<EvaluationWorkerApi>(
    name,
    WORKER_SCRIPTS.evaluation,
    PATIENCE,
  );
  started.push(worker);
  return worker;
});

const TASK: EvaluationTask = {
  head: recordHead(),
  ballots: Array.from({ length: 40 }, (_, n) =>
    recordedBallot(n, [[n], [n % 5 === 0 ? n + 1 : n], [n % 3 === 0 ? null : n]], { id: `q${String(n)}` }),
  ),
  wallMs: 5,
  at: 9,
};

it('makes the same report as here, in a worker that is gone afterwards', async () => {
  const { head, ballots, wallMs, at } = TASK;
  const here = evaluate({ head, ballots }, { rules: EVALUATION_RULES, wallMs, at });
  expect(await beside(TASK)).toEqual({ ok: true, value: here });
  expect(started.map(({ alive }) => alive)).toEqual([false]);
});

it('tells of a worker that cannot be started', async () => {
  const none = evaluateBeside(() => {
    throw new Error('no more workers');
  });
  expect(await none(TASK)).toMatchObject({ ok: false, error: { code: 'internal' } });
});

it('tells of a record that breaks it as of any failure', async () => {
  const broken = { ...TASK, ballots: [null] } as unknown as EvaluationTask;
  expect(await beside(broken)).toMatchObject({ ok: false, error: { code: 'internal' } });
  expect(started.every(({ alive }) => !alive)).toBe(true);
});
