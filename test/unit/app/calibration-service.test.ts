import 'fake-indexeddb/auto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { AbsentMember } from '#contracts/council';
import { EvalReportSchema } from '#contracts/evaluation';
import type { CalibrationService } from '../../../src/app/calibration-service.ts';
import { CalibrationRig as Rig, keptBy } from '../../fakes/calibration-rig.ts';
import { emptyStorage } from '../../fakes/fresh-database.ts';

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));
beforeEach(() => {
  emptyStorage();
});

const NEVER = new AbortController().signal;
const FAR: AbsentMember = {
  id: 'far',
  name: 'Far',
  engine: 'remote',
  backend: 'remote',
  error: 'remote-unreachable',
};
const OPTIONS = { questions: 12, split: 'test', seed: 1 } as const;
const NOTHING = (): void => undefined;

describe('a run', () => {
  it('reports every arm, with the best member asked as often as all together', async () => {
    const rig = new Rig();
    const progress: string[] = [];
    const run = await (
      await rig.service()
    ).run(NEVER, { ...OPTIONS, samples: 2 }, (done, total) => {
      progress.push(`${String(done)}/${String(total)}`);
    });
    if (!run.ok) throw new Error(run.error.code);
    expect(v.parse(EvalReportSchema, run.value)).toEqual(run.value);
    // b is the better one on dev: four answers, a two.
    expect(rig.requests).toHaveLength(12 * 6);
    const counts = Object.fromEntries(run.value.arms.map(({ name, correct }) => [name, correct]));
    expect(counts).toMatchObject({
      'member:a': 12,
      'member:b': 8,
      'best-member': 8,
      'best-member-equal-calls': 8,
      'rule:slm-mux': 8,
      oracle: 12,
    });
    expect(progress.at(-1)).toBe('12/12');
    expect(run.value.calibration).toMatchObject({
      machine: 'Chrome/1 {}',
      questions: 12,
      recommendation: { rule: 'slm-mux', questions: 12 },
    });
  });

  it('goes on where a killed one ended, and asks nothing twice', async () => {
    const whole = new Rig();
    const uninterrupted = await (await whole.service()).run(NEVER, OPTIONS, NOTHING);
    emptyStorage();

    const rig = new Rig();
    const stop = new AbortController();
    rig.onAsk = (count) => {
      if (count === 20) stop.abort();
    };
    const killed = await (await rig.service()).run(stop.signal, OPTIONS, NOTHING);
    expect(killed).toMatchObject({ error: { code: 'cancelled' } });
    const [record] = await keptBy(await rig.service());
    const kept = record?.questions;
    expect(killed).toMatchObject({ error: { details: { record: record?.head.id, kept } } });
    expect(kept).toBeGreaterThan(2);
    expect(kept).toBeLessThan(12);

    rig.onAsk = NOTHING;
    rig.requests.length = 0;
    const progress: number[] = [];
    const resumed = await (await rig.service()).run(NEVER, OPTIONS, (done) => progress.push(done));
    expect(rig.requests).toHaveLength((12 - (kept ?? 0)) * 3);
    expect(progress[0]).toBe((kept ?? 0) + 1);
    if (!resumed.ok || !uninterrupted.ok) throw new Error('it did not end');
    expect(resumed.value.arms).toEqual(uninterrupted.value.arms);
    expect(resumed.value.pairs).toEqual(uninterrupted.value.pairs);
    expect(resumed.value.stops).toEqual(uninterrupted.value.stops);
  });

  it('asks nobody when all was answered, and only the new ones when more questions are wanted', async () => {
    const rig = new Rig();
    const few = await (await rig.service()).run(NEVER, { ...OPTIONS, questions: 4 }, NOTHING);
    expect(few).toMatchObject({ value: { questions: 4 } });
    rig.requests.length = 0;
    await (await rig.service()).run(NEVER, { ...OPTIONS, questions: 4 }, NOTHING);
    expect(rig.requests).toHaveLength(0);
    await (await rig.service()).run(NEVER, OPTIONS, NOTHING);
    expect(rig.requests).toHaveLength(8 * 3);
  });

  it.each([
    ['another seed', (): object => ({ seed: 2 })],
    ['more answers of each', (): object => ({ samples: 2 })],
    [
      'another model under the same name',
      (rig: Rig): object => {
        rig.sizeBytes = 200;
        return {};
      },
    ],
  ])('is another record with %s', async (_what, change) => {
    const rig = new Rig();
    const service = await rig.service();
    await service.run(NEVER, OPTIONS, NOTHING);
    await service.run(NEVER, { ...OPTIONS, ...change(rig) }, NOTHING);
    expect(await recordsOf(service)).toHaveLength(2);
  });

  it.each([0, 21, 1.5])('takes no %d answers', async (samples) => {
    const service = await new Rig().service();
    expect(await service.run(NEVER, { ...OPTIONS, samples }, NOTHING)).toMatchObject({
      error: { code: 'usage' },
    });
  });

  it('ends with the failure of a member', async () => {
    const rig = new Rig();
    const [member] = rig.roster.ready;
    if (member === undefined) throw new Error('a member');
    member.engine.generate = () => Promise.resolve(err(failure('worker-lost')));
    const service = await rig.service();
    expect(await service.run(NEVER, OPTIONS, NOTHING)).toMatchObject({ error: { code: 'worker-lost' } });
  });
});

async function recordsOf(service: CalibrationService): Promise<readonly number[]> {
  return (await keptBy(service)).map(({ questions }) => questions);
}

describe('who is asked', () => {
  it('no server, and none is waited for that is down', async () => {
    const rig = new Rig();
    const [here, there] = rig.members();
    if (here === undefined || there === undefined) throw new Error('two members');
    there.engine.generate = () => {
      throw new Error('sent away');
    };
    rig.roster = { ready: [here, { ...there, backend: 'remote' }], absent: [FAR] };
    const run = await (await rig.service()).run(NEVER, { ...OPTIONS, questions: 1 }, NOTHING);
    expect(run).toMatchObject({ ok: true, value: { calibration: { members: [{ memberId: 'a' }] } } });
    // One member is its own equal: it is asked once.
    expect(rig.requests).toHaveLength(1);
  });

  it('nobody, while a member on the device is missing', async () => {
    const rig = new Rig();
    const absent = { ...FAR, id: 'oak', backend: 'webgpu', error: 'model-downloading' } as const;
    rig.roster = { ...rig.roster, absent: [FAR, absent] };
    expect(await (await rig.service()).run(NEVER, OPTIONS, NOTHING)).toMatchObject({
      error: { code: 'council-unavailable', details: { cause: 'model-downloading' } },
    });
  });

  it('nobody, where everybody is on a server', async () => {
    const rig = new Rig();
    rig.roster = { ready: [], absent: [FAR] };
    expect(await (await rig.service()).run(NEVER, OPTIONS, NOTHING)).toMatchObject({
      error: { details: { cause: 'consent-required' } },
    });
  });
});

describe('own questions', () => {
  const own = [
    { prompt: 'What is 3 + 1?', answer: '4' },
    { prompt: 'What is 4 + 1?', answer: '5', family: 'fives' },
  ]
    .map((each) => JSON.stringify(each))
    .join('\n');

  it('are asked instead of the bundled ones', async () => {
    const rig = new Rig();
    const service = await rig.service();
    expect(await service.countQuestions(own)).toEqual(ok(2));
    const run = await service.run(NEVER, { ...OPTIONS, own }, NOTHING);
    expect(run).toMatchObject({
      value: { split: 'own', questions: 2, byFamily: { own: { total: 1 }, fives: { total: 1, correct: 1 } } },
    });
    expect(await service.latest('own')).toMatchObject({ value: { split: 'own' } });
    expect(await service.latest('dev')).toEqual(ok(null));
  });

  it('are refused with their line before anybody is asked', async () => {
    const rig = new Rig();
    const service = await rig.service();
    const broken = `${own}\n{}`;
    const refused = { error: { code: 'question-set-invalid', details: { line: 3 } } };
    expect(await service.countQuestions(broken)).toMatchObject(refused);
    expect(await service.run(NEVER, { ...OPTIONS, own: broken }, NOTHING)).toMatchObject(refused);
    expect(rig.requests).toHaveLength(0);
  });
});
