import 'fake-indexeddb/auto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { KeptRecord } from '#contracts/calibration';
import type { AbsentMember, CouncilMember, MemberView, Roster } from '#contracts/council';
import { NOTHING_SAID, type GenerateRequest } from '#contracts/engine';
import { EvalReportSchema } from '#contracts/evaluation';
import { CalibrationService } from '../../../src/app/calibration-service.ts';
import { CalibrationStore } from '../../../src/storage/calibration-store.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { PLAIN_RULES } from '../../fakes/plain-rules.ts';
import { ABSTAIN } from '../../fakes/played-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));
beforeEach(() => {
  emptyStorage();
});

const NEVER = new AbortController().signal;
const QUESTIONS = Array.from({ length: 12 }, (_, n) => ({
  id: `q${String(n).padStart(2, '0')}`,
  family: n % 2 === 0 ? 'sums' : 'more sums',
  level: 1,
  kind: 'number' as const,
  prompt: `What is ${String(n)} + 1?`,
  answer: String(n + 1),
}));
const FAR: AbsentMember = {
  id: 'far',
  name: 'Far',
  engine: 'remote',
  backend: 'remote',
  error: 'remote-unreachable',
};
const OPTIONS = { questions: 12, split: 'test', seed: 1 } as const;
const NOTHING = (): void => undefined;

/** A device with two members: the first is right, the second is wrong in every third question. */
class Rig {
  readonly requests: GenerateRequest[] = [];
  sizeBytes = 100;
  /** Called before each answer. */
  onAsk: (count: number) => void = NOTHING;
  roster: Roster;
  readonly clock = new VirtualClock();

  constructor() {
    this.roster = { ready: this.members(), absent: [] };
  }

  members(): readonly CouncilMember[] {
    return scriptedMembers(this.clock, [{}, {}]).map((member, seat) => {
      member.engine.generate = (signal, request) => {
        this.requests.push(request);
        this.onAsk(this.requests.length);
        if (signal.aborted) return Promise.resolve(ok(NOTHING_SAID));
        const n = Number(/\d+/.exec(request.prompt)?.[0]);
        const text = String(seat === 1 && n % 3 === 0 ? 99 : n + 1);
        return Promise.resolve(ok({ ...NOTHING_SAID, finish: 'stop', text, completionTokens: 2 }));
      };
      return member;
    });
  }

  /** As a page that was just opened. */
  async service(): Promise<CalibrationService> {
    const store = new CalibrationStore(await openedDatabase());
    return new CalibrationService({
      clock: this.clock,
      council: {
        exclusively: (_signal, task) => task(),
        about: () =>
          Promise.resolve(
            ok({ schema: 'witan.starter-council', version: 1, generated: '', abstain: ABSTAIN, members: [] }),
          ),
        roster: () => Promise.resolve(ok(this.roster)),
        members: () =>
          this.roster.ready.map(({ id }) => ({ id, parameters: 7, sizeBytes: this.sizeBytes }) as MemberView),
      },
      catalogue: {
        questions: () =>
          Promise.resolve(
            ok({
              schema: 'witan.question-set',
              version: 1,
              split: 'test',
              sha256: 'cd'.repeat(32),
              questions: QUESTIONS,
            }),
          ),
      },
      store: () => Promise.resolve(store),
      rules: PLAIN_RULES,
      machine: () => Promise.resolve('Chrome/1 {}'),
    });
  }
}

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
  const records = await service.records();
  if (!records.ok) throw new Error(records.error.code);
  return records.value.map(({ questions }) => questions);
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

async function keptBy(service: CalibrationService): Promise<readonly KeptRecord[]> {
  const records = await service.records();
  if (!records.ok) throw new Error(records.error.code);
  return records.value;
}

describe('the newest result', () => {
  it('stays that of many questions when a few of them are asked once more', async () => {
    const service = await new Rig().service();
    await service.run(NEVER, OPTIONS, NOTHING);
    await service.run(NEVER, { ...OPTIONS, questions: 4 }, NOTHING);
    expect(await service.latest()).toMatchObject({ value: { questions: 12 } });
  });

  it('is of so many questions at least', async () => {
    const rig = new Rig();
    const service = await rig.service();
    await service.run(NEVER, OPTIONS, NOTHING);
    rig.clock.advance(5);
    await service.run(NEVER, { ...OPTIONS, questions: 4, seed: 2 }, NOTHING);
    expect(await service.latest()).toMatchObject({ value: { questions: 4 } });
    expect(await service.latest('test', 5)).toMatchObject({ value: { questions: 12 } });
    expect(await service.latest('test', 13)).toEqual(ok(null));
  });

  it('knows how many questions come with the app', async () => {
    expect(await (await new Rig().service()).bundledQuestions(NEVER, 'test')).toEqual(ok(12));
  });
});

describe('a record that is brought in', () => {
  async function exported(options = OPTIONS): Promise<{ readonly lines: string; readonly id: string }> {
    const service = await new Rig().service();
    const run = await service.run(NEVER, options, NOTHING);
    if (!run.ok) throw new Error(run.error.code);
    const id = run.value.calibration.recordId;
    const lines = await service.exportRecord(id);
    if (!lines.ok) throw new Error(lines.error.code);
    emptyStorage();
    return { lines: lines.value, id };
  }

  it('of this device is as if it had been made here, and as old as it is', async () => {
    const { lines, id } = await exported();
    const rig = new Rig();
    rig.clock.advance(1_000_000);
    const service = await rig.service();
    const brought = await service.importRecord(lines.replaceAll('\n', '\r\n'));
    expect(brought).toMatchObject({ value: { head: { id }, questions: 12, elsewhere: false } });
    expect(await service.latest()).toMatchObject({
      value: { recordId: id, questions: 12, at: 1_700_000_000_000 },
    });
    expect(await service.exportRecord(id)).toEqual(ok(lines));
    await service.run(NEVER, OPTIONS, NOTHING);
    expect(rig.requests).toHaveLength(0);
  });

  it('joins what is kept of it, and takes nothing of that away', async () => {
    const { lines, id } = await exported();
    const rig = new Rig();
    const service = await rig.service();
    await service.run(NEVER, { ...OPTIONS, questions: 4 }, NOTHING);
    await service.importRecord(lines.replaceAll('"tokens":2', '"tokens":77'));
    expect(await recordsOf(service)).toEqual([12]);
    const joined = await service.exportRecord(id);
    expect(joined.ok && joined.value.match(/"tokens":2\D/g)).toHaveLength(4 * 3);
    expect(await service.latest()).toMatchObject({ value: { questions: 12 } });
  });

  it('of another device stands beside, is shown, and decides nothing', async () => {
    const { lines, id } = await exported();
    const foreign = lines.replace('Chrome/1', 'Chrome/9');
    const rig = new Rig();
    const service = await rig.service();
    const brought = await service.importRecord(foreign);
    if (!brought.ok) throw new Error(brought.error.code);
    expect(brought.value).toMatchObject({ elsewhere: true, questions: 12 });
    expect(brought.value.head.id).not.toBe(id);
    expect(await service.latest()).toEqual(ok(null));
    expect(await service.replay(brought.value.head.id)).toMatchObject({ value: { questions: 12 } });
    // A run here begins anew, and the same file twice is one record, also as it leaves here again.
    await service.run(NEVER, OPTIONS, NOTHING);
    expect(rig.requests).toHaveLength(12 * 3);
    await service.importRecord(foreign);
    const again = await service.exportRecord(brought.value.head.id);
    if (again.ok) await service.importRecord(again.value);
    expect((await keptBy(service)).map(({ elsewhere }) => elsewhere).sort()).toEqual([false, true]);
  });

  it.each([
    ['is empty', (): string => '', 1],
    ['is of questions alone', (): string => '{"prompt":"a","answer":"b"}', 1],
    ['is cut off', (lines: string): string => lines.slice(0, -20), 13],
    ['has a member twice', (lines: string): string => lines.replace('"id":"b"', '"id":"a"'), 1],
    ['has a line twice', (lines: string): string => lines + (lines.split('\n')[1] ?? ''), 14],
    ['lacks an answer', (lines: string): string => lines.replace('"index":1', '"index":0'), 2],
    [
      'has an answer of somebody else',
      (lines: string): string => lines.replace('"memberId":"a","index"', '"memberId":"x","index"'),
      2,
    ],
  ])('is refused with its line where it %s, and nothing is kept of it', async (_what, broken, line) => {
    const { lines } = await exported();
    const service = await new Rig().service();
    expect(await service.importRecord(broken(lines))).toMatchObject({
      error: { code: 'record-invalid', details: { line } },
    });
    expect(await recordsOf(service)).toEqual([]);
  });
});

describe('a kept record', () => {
  it('says the same when it is replayed, leaves as lines, and goes when it is removed', async () => {
    const rig = new Rig();
    const service = await rig.service();
    const run = await service.run(NEVER, { ...OPTIONS, samples: 2 }, NOTHING);
    if (!run.ok) throw new Error(run.error.code);
    const { recordId } = run.value.calibration;
    rig.requests.length = 0;
    const again = await (await rig.service()).replay(recordId);
    expect(again).toEqual(ok({ ...run.value, wallMs: 0 }));
    expect(rig.requests).toHaveLength(0);
    const lines = await service.exportRecord(recordId);
    expect(lines.ok && lines.value.trim().split('\n')).toHaveLength(13);
    await service.remove(recordId);
    expect(await service.replay(recordId)).toMatchObject({ error: { code: 'record-invalid' } });
    expect(await service.exportRecord(recordId)).toMatchObject({ error: { code: 'record-invalid' } });
    expect(await service.latest()).toEqual(ok(null));
  });
});
