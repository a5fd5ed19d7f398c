import 'fake-indexeddb/auto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { CalibrationService } from '../../../src/app/calibration-service.ts';
import { CalibrationRig as Rig, keptBy } from '../../fakes/calibration-rig.ts';
import { emptyStorage } from '../../fakes/fresh-database.ts';

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));
beforeEach(() => {
  emptyStorage();
});

const NEVER = new AbortController().signal;
const OPTIONS = { questions: 12, split: 'test', seed: 1 } as const;
const NOTHING = (): void => undefined;

async function recordsOf(service: CalibrationService): Promise<readonly number[]> {
  return (await keptBy(service)).map(({ questions }) => questions);
}

describe('a report that cannot be made', () => {
  it('costs no answer: the next is made of what was kept', async () => {
    const rig = new Rig();
    const service = await rig.service();
    rig.fault = err(failure('worker-lost', {}));
    expect(await service.run(NEVER, OPTIONS, NOTHING)).toMatchObject({ error: { code: 'worker-lost' } });
    expect(await service.latest()).toEqual(ok(null));
    rig.fault = null;
    rig.requests.length = 0;
    expect(await service.run(NEVER, OPTIONS, NOTHING)).toMatchObject({ value: { questions: 12 } });
    expect(rig.requests).toHaveLength(0);
  });
});

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
