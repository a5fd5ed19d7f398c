import { beforeAll, expect, it } from 'vitest';
import { ok } from '#kernel/result';
import type { AbsentMember, Roster } from '#contracts/council';
import type { CouncilService } from '../../../src/app/council-service.ts';
import { EvaluationService } from '../../../src/app/evaluation-service.ts';
import type { StarterCatalogue } from '../../../src/app/starter-catalogue.ts';
import { ABSTAIN } from '../../fakes/played-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));

const NEVER = new AbortController().signal;
const QUESTION = { id: 'q', family: 'sums', level: 1, kind: 'number', prompt: 'What is 1 + 1?', answer: '2' };
const FAR: AbsentMember = {
  id: 'far',
  name: 'Far',
  engine: 'remote',
  backend: 'remote',
  error: 'remote-unreachable',
};

async function run(roster: (clock: VirtualClock) => Roster) {
  const clock = new VirtualClock();
  const council = {
    exclusively: (_signal: AbortSignal, task: () => Promise<unknown>) => task(),
    about: () => Promise.resolve(ok({ abstain: ABSTAIN })),
    roster: () => Promise.resolve(ok(roster(clock))),
  };
  const catalogue = { questions: () => Promise.resolve(ok({ sha256: '', questions: [QUESTION] })) };
  const evaluated = new EvaluationService({
    clock,
    council: council as unknown as CouncilService,
    catalogue: catalogue as unknown as StarterCatalogue,
  }).run(NEVER, { questions: 1, split: 'test', seed: 1 }, () => undefined);
  for (let step = 0; step < 20; step += 1) {
    await turn();
    clock.advance(10);
  }
  return evaluated;
}

it('sends no question to a server, and does without one that is down', async () => {
  let asked = 0;
  const evaluated = await run((clock) => {
    const [here, there] = scriptedMembers(clock, [{ says: '2' }, { says: '2' }]);
    if (here === undefined || there === undefined) throw new Error('two members');
    const { engine } = there;
    engine.generate = () => {
      asked += 1;
      throw new Error('sent away');
    };
    // Before: a server that could not be reached kept the members on the device from being measured.
    return { ready: [here, { ...there, backend: 'remote', engine }], absent: [FAR] };
  });
  expect(evaluated).toMatchObject({ ok: true });
  expect(asked).toBe(0);
});

it('measures nothing while a member on the device is missing, and says why', async () => {
  const evaluated = await run((clock) => {
    const ready = scriptedMembers(clock, [{ says: '2' }]);
    return { ready, absent: [FAR, { ...FAR, id: 'oak', backend: 'webgpu', error: 'model-downloading' }] };
  });
  expect(evaluated).toMatchObject({
    error: { code: 'council-unavailable', details: { cause: 'model-downloading' } },
  });
});

it('has nothing to measure where everybody is on a server', async () => {
  const evaluated = await run(() => ({ ready: [], absent: [FAR] }));
  expect(evaluated).toMatchObject({ error: { details: { cause: 'consent-required' } } });
});
