import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import {
  CalibrationSchema,
  RecordedBallotSchema,
  RecordHeadSchema,
  type Calibration,
  type KeptRecord,
  type RecordedBallot,
  type RecordHead,
} from '#contracts/calibration';
import { failure, type Outcome } from '#contracts/errors';
import type { WitanDatabase } from './database.ts';

type Part = 'head' | 'result' | 'ballot';

/** Everything of one record stands under its id, each ballot for itself: a run that is killed loses none that was kept. */
const keyOf = (recordId: string, part: Part, questionId = ''): string => `${recordId}/${part}/${questionId}`;

/**
 * What members answered to questions, and what came of it. Without a database (private modes), and where a write fails, it
 * holds as long as the tab does. What cannot be read (another version wrote it) counts as absent and is left alone.
 */
export class CalibrationStore {
  readonly #database: WitanDatabase | null;
  /** What no database holds; stands before what is stored. */
  readonly #memory = new Map<string, unknown>();

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /** Errors: record-invalid (nothing is written: it could never be read again); storage-failed: it holds in this tab. */
  keepHead(head: RecordHead): Promise<Outcome<null>> {
    return this.#keep(RecordHeadSchema, head, keyOf(head.id, 'head'));
  }

  /** Errors: those of `keepHead`. */
  keepBallot(recordId: string, ballot: RecordedBallot): Promise<Outcome<null>> {
    return this.#keep(RecordedBallotSchema, ballot, keyOf(recordId, 'ballot', ballot.question.id));
  }

  /** Errors: those of `keepHead`. */
  keepResult(result: Calibration): Promise<Outcome<null>> {
    return this.#keep(CalibrationSchema, result, keyOf(result.recordId, 'result'));
  }

  /** Null where there is none. Errors: storage-failed. */
  async head(recordId: string): Promise<Outcome<RecordHead | null>> {
    const found = await this.#under(RecordHeadSchema, keyOf(recordId, 'head'));
    return found.ok ? ok(found.value[0] ?? null) : found;
  }

  /** Null where there is none. Errors: storage-failed. */
  async result(recordId: string): Promise<Outcome<Calibration | null>> {
    const found = await this.#under(CalibrationSchema, keyOf(recordId, 'result'));
    return found.ok ? ok(found.value[0] ?? null) : found;
  }

  /** In order of the ids of their questions. Errors: storage-failed. */
  ballots(recordId: string): Promise<Outcome<readonly RecordedBallot[]>> {
    return this.#under(RecordedBallotSchema, keyOf(recordId, 'ballot'));
  }

  /** Newest first. Errors: storage-failed. */
  async records(): Promise<Outcome<readonly KeptRecord[]>> {
    const heads = await this.#ofEach(RecordHeadSchema, 'head');
    if (!heads.ok) return heads;
    const records: KeptRecord[] = [];
    for (const head of [...heads.value].sort((a, b) => b.startedAt - a.startedAt)) {
      const ballots = await this.ballots(head.id);
      if (!ballots.ok) return ballots;
      records.push({ head, questions: ballots.value.length });
    }
    return ok(records);
  }

  /** Newest first. Errors: storage-failed. */
  async results(): Promise<Outcome<readonly Calibration[]>> {
    const results = await this.#ofEach(CalibrationSchema, 'result');
    return results.ok ? ok([...results.value].sort((a, b) => b.at - a.at)) : results;
  }

  /** All of a record. Errors: storage-failed. */
  async remove(recordId: string): Promise<Outcome<null>> {
    const prefix = `${recordId}/`;
    for (const key of [...this.#memory.keys()]) if (key.startsWith(prefix)) this.#memory.delete(key);
    try {
      await this.#database?.delete('calibrations', within(prefix));
      return ok(null);
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'calibrations' }, thrown));
    }
  }

  async #keep<S extends v.GenericSchema>(
    schema: S,
    record: v.InferOutput<S>,
    key: string,
  ): Promise<Outcome<null>> {
    if (!v.is(schema, record)) return err(failure('record-invalid', { store: 'calibrations' }));
    this.#memory.set(key, record);
    if (this.#database === null) return ok(null);
    try {
      await this.#database.put('calibrations', record, key);
      this.#memory.delete(key);
      return ok(null);
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'calibrations' }, thrown));
    }
  }

  /** This part of every record. Ballots are many, and are passed over unread: this is asked for before rounds. */
  async #ofEach<S extends v.GenericSchema>(schema: S, part: Part): Promise<Outcome<v.InferOutput<S>[]>> {
    const ids = await this.#ids();
    if (!ids.ok) return ids;
    const found: v.InferOutput<S>[] = [];
    for (const id of ids.value) {
      const parts = await this.#under(schema, keyOf(id, part));
      if (!parts.ok) return parts;
      found.push(...parts.value);
    }
    return ok(found);
  }

  /** Of all records. From each to the next is one step, however many ballots it has. */
  async #ids(): Promise<Outcome<readonly string[]>> {
    const ids = new Set<string>();
    const idOf = (key: string): string => key.slice(0, key.indexOf('/'));
    try {
      const { store } = this.#database?.transaction('calibrations') ?? { store: null };
      let cursor = (await store?.openKeyCursor()) ?? null;
      while (cursor !== null) {
        const id = idOf(cursor.key);
        ids.add(id);
        cursor = await cursor.continue(`${id}/\uffff`);
      }
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'calibrations' }, thrown));
    }
    for (const key of this.#memory.keys()) ids.add(idOf(key));
    return ok([...ids]);
  }

  /** All of this schema whose key begins so, by their keys. */
  async #under<S extends v.GenericSchema>(schema: S, prefix: string): Promise<Outcome<v.InferOutput<S>[]>> {
    const found = new Map<string, unknown>();
    try {
      if (this.#database !== null) {
        const { store } = this.#database.transaction('calibrations');
        const [keys, values] = await Promise.all([
          store.getAllKeys(within(prefix)),
          store.getAll(within(prefix)),
        ]);
        keys.forEach((key, place) => found.set(key, values[place]));
      }
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'calibrations' }, thrown));
    }
    for (const [key, value] of this.#memory) if (key.startsWith(prefix)) found.set(key, value);
    const inOrder = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    return ok(
      inOrder.flatMap(([, value]) => {
        const parsed = v.safeParse(schema, value);
        return parsed.success ? [parsed.output] : [];
      }),
    );
  }
}

/** Keys that begin so. */
function within(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}
