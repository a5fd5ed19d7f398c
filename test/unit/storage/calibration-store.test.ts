import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/council/evaluation/evaluate.ts';
import { CalibrationStore } from '../../../src/storage/calibration-store.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { PLAIN_RULES } from '../../fakes/plain-rules.ts';
import { recordedBallot, recordHead } from '../../fakes/recorded-ballots.ts';

const HEAD = recordHead();
const OTHER = recordHead({ id: 'fedcba9876543210', startedAt: HEAD.startedAt + 5 });
const BALLOTS = ['a', 'b', 'a/b', 'c%'].map((id) => recordedBallot(1, [[1], [2], [1]], { id }));
const resultOf = (head = HEAD, at = 9) =>
  evaluate({ head, ballots: BALLOTS }, { rules: PLAIN_RULES, wallMs: 0, at }).calibration;

beforeEach(() => {
  emptyStorage();
});

async function filled(store: CalibrationStore): Promise<CalibrationStore> {
  await store.keepHead(HEAD);
  for (const ballot of BALLOTS) await store.keepBallot(HEAD.id, ballot);
  await store.keepResult(resultOf());
  await store.keepHead(OTHER);
  return store;
}

const ids = (ballots: Awaited<ReturnType<CalibrationStore['ballots']>>): readonly string[] =>
  ballots.ok ? ballots.value.map(({ question }) => question.id) : [ballots.error.code];

describe.each([
  ['in a database', async () => new CalibrationStore(await openedDatabase())],
  ['without a database', () => Promise.resolve(new CalibrationStore(null))],
])('CalibrationStore %s', (_where, made) => {
  it('gives back what was kept of each record, and of no other', async () => {
    const store = await filled(await made());
    expect(await store.head(HEAD.id)).toEqual({ ok: true, value: HEAD });
    expect([...ids(await store.ballots(HEAD.id))].sort()).toEqual(['a', 'a/b', 'b', 'c%']);
    expect(ids(await store.ballots(OTHER.id))).toEqual([]);
    expect(await store.records()).toEqual({
      ok: true,
      value: [
        { head: OTHER, questions: 0 },
        { head: HEAD, questions: 4 },
      ],
    });
    expect(await store.head('0000000000000000')).toEqual({ ok: true, value: null });
  });

  it('lists results, newest first', async () => {
    const store = await filled(await made());
    await store.keepResult(resultOf(OTHER, 20));
    expect(await store.results()).toEqual({ ok: true, value: [resultOf(OTHER, 20), resultOf()] });
  });

  it('removes a record with all that belongs to it', async () => {
    const store = await filled(await made());
    await store.remove(HEAD.id);
    expect(await store.records()).toEqual({ ok: true, value: [{ head: OTHER, questions: 0 }] });
    expect(ids(await store.ballots(HEAD.id))).toEqual([]);
    expect(await store.results()).toEqual({ ok: true, value: [] });
  });

  it('takes a ballot once more in place of the first', async () => {
    const store = await filled(await made());
    const again = recordedBallot(1, [[5], [5], [5]], { id: 'a' });
    await store.keepBallot(HEAD.id, again);
    const ballots = await store.ballots(HEAD.id);
    expect(ballots.ok && ballots.value.filter(({ question }) => question.id === 'a')).toEqual([again]);
  });

  it('writes nothing that it could never read again', async () => {
    const store = await made();
    expect(await store.keepHead({ ...HEAD, samples: 0 })).toMatchObject({
      error: { code: 'record-invalid' },
    });
    expect(await store.records()).toEqual({ ok: true, value: [] });
  });
});

describe('CalibrationStore and its database', () => {
  it('shows another visit what was kept', async () => {
    await filled(new CalibrationStore(await openedDatabase()));
    const later = new CalibrationStore(await openedDatabase());
    expect(later.persistent).toBe(true);
    expect(ids(await later.ballots(HEAD.id))).toHaveLength(4);
  });

  it('passes over what it cannot read, and leaves it there', async () => {
    const database = await openedDatabase();
    const store = await filled(new CalibrationStore(database));
    const key = `${HEAD.id}/ballot/old`;
    await database.put('calibrations', { schema: 'witan.calibration-ballot', version: 99 }, key);
    expect(ids(await store.ballots(HEAD.id))).toHaveLength(4);
    expect(await database.get('calibrations', key)).toMatchObject({ version: 99 });
  });

  it('keeps in memory what could not be stored, and says that it was not', async () => {
    const database = await openedDatabase();
    const store = new CalibrationStore(database);
    database.close();
    const [ballot] = BALLOTS;
    if (ballot === undefined) throw new Error('a ballot');
    expect(await store.keepBallot(HEAD.id, ballot)).toMatchObject({
      error: { code: 'storage-failed', details: { store: 'calibrations' } },
    });
    expect(await store.results()).toMatchObject({ error: { code: 'storage-failed' } });
    expect(await store.remove(HEAD.id)).toMatchObject({ error: { code: 'storage-failed' } });
  });
});
