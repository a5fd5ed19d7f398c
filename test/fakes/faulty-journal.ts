import type { Journal, JournalEditor, JournalView } from '../../src/storage/model-store/journal.ts';
import type { FaultyOrigin } from './faulty-origin.ts';
import { MemoryRecords } from './memory-records.ts';

/** IndexedDB as one tab sees it. */
export class FaultyJournal implements Journal {
  readonly #origin: FaultyOrigin;
  readonly #generation: number;
  readonly #wipes: number;
  #closed = false;

  constructor(origin: FaultyOrigin) {
    this.#origin = origin;
    this.#generation = origin.generation;
    this.#wipes = origin.wipes;
  }

  async read<T>(look: (view: JournalView) => Promise<T>): Promise<T> {
    const fault = await this.#begin('journal-read');
    const value = await look(new MemoryRecords(this.#origin.records));
    this.#origin.end(fault, this.#generation);
    return value;
  }

  change<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T> {
    const result = this.#origin.lastChange.then(() => this.#change(change));
    this.#origin.lastChange = result.catch(() => undefined);
    return result;
  }

  note<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T> {
    return this.change(change);
  }

  close(): void {
    this.#closed = true;
  }

  async #change<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T> {
    const fault = await this.#begin('journal-change');
    const before = this.#origin.records;
    const after = new MemoryRecords(before);
    const value = await change(after);
    if (this.#generation !== this.#origin.generation) this.#origin.end(null, this.#generation);
    if (this.#origin.records !== before) throw lost();
    this.#origin.records = after;
    this.#origin.end(fault, this.#generation);
    return value;
  }

  async #begin(operation: 'journal-read' | 'journal-change'): ReturnType<FaultyOrigin['begin']> {
    const fault = await this.#origin.begin(operation, this.#generation);
    if (this.#generation !== this.#origin.generation) this.#origin.end(null, this.#generation);
    if (this.#closed || this.#wipes !== this.#origin.wipes) throw lost();
    if (fault === 'throws' || fault === 'short') throw new DOMException('it failed', 'UnknownError');
    if (fault === 'quota') throw new DOMException('no room', 'QuotaExceededError');
    if (fault === 'aborted') throw new DOMException('', 'AbortError');
    return fault;
  }
}

const lost = (): DOMException => new DOMException('the connection is closing', 'InvalidStateError');
