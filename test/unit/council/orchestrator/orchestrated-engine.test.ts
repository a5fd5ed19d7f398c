import { expect, it } from 'vitest';
import type { CouncilMember } from '#contracts/council';
import { FULL_SPEED } from '#contracts/engine';
import { orchestratedEngine } from '../../../../src/council/orchestrator/orchestrated-engine.ts';
import { Round } from '../../../../src/council/round.ts';
import { asked, OrchestratorRig, QUICK } from '../../../fakes/orchestrator-rig.ts';
import { settled } from '../../../fakes/settled.ts';

it('a round asks its members through the orchestrator, and they share a model’s slots', async () => {
  const rig = new OrchestratorRig();
  rig.add('one', [rig.replica('r', QUICK, { slots: 2 })], { members: ['ada', 'ben'] });
  rig.add('two', [rig.replica('s', { ...QUICK, fails: { code: 'worker-lost', afterTokens: 1 } })], {
    members: ['cat'],
  });
  const members = ['ada', 'ben', 'cat'].map((id): CouncilMember => ({
    id,
    name: id,
    backend: 'cpu',
    engine: orchestratedEngine(rig.orchestrator, id),
    accuracy: 0.5,
  }));
  const plan = {
    id: '1',
    prompt: 'q',
    shape: { kind: 'free', maxTokens: 9 } as const,
    members,
    absent: [],
    abstain: 'I pass.',
    seed: 1,
    softDeadlineMs: 1_000,
    hardDeadlineMs: 2_000,
    quorum: 2,
    graceMs: 100,
  };
  const record = await settled(rig.clock, new Round(plan, rig.clock, () => undefined).run());
  expect(record.members.map(({ id, status, answer }) => [id, status, answer])).toEqual([
    ['ada', 'answered', 'q.1 q.2 q.3 '],
    ['ben', 'answered', 'q.1 q.2 q.3 '],
    ['cat', 'lost', 'q.1 '],
  ]);
  expect(rig.engine('r').mostAtOnce).toBe(2);
  expect(rig.clock.pending).toBe(0);
});

it('who stops it before the first token gets an empty answer; what else is wrong comes as it is', async () => {
  const rig = new OrchestratorRig();
  rig.add('one', [rig.replica('r')], { members: ['ada'] });
  const engine = orchestratedEngine(rig.orchestrator, 'ada', { deadlineMs: 5 });
  const stop = new AbortController();
  const stopped = engine.generate(stop.signal, asked('q'), () => undefined);
  stop.abort();
  expect(await stopped).toMatchObject({ ok: true, value: { text: '', finish: 'cancelled' } });
  const late = engine.generate(new AbortController().signal, asked('q'), () => undefined);
  await rig.pass(10);
  expect(await late).toMatchObject({ ok: false, error: { code: 'deadline-exceeded' } });
});

it('passes the pace on, and leaves loading to its owner', async () => {
  const rig = new OrchestratorRig();
  rig.add('one', [rig.replica('r'), rig.replica('s')], { members: ['ada'] });
  const engine = orchestratedEngine(rig.orchestrator, 'ada');
  engine.setPacing(FULL_SPEED);
  expect([rig.engine('r').paces, rig.engine('s').paces]).toEqual([[FULL_SPEED], [FULL_SPEED]]);
  expect(engine.kind).toBe('wllama');
  await engine.unload();
  const model = { format: 'built-in', id: 'x', name: 'x' } as const;
  const load = { model, threads: 1, contextTokens: 1, slots: 1 };
  expect(await engine.load(new AbortController().signal, load)).toMatchObject({ ok: false });
});
