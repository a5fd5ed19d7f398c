import { ok } from '#kernel/result';
import { DeliberationSchema, type Deliberation } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import type { WitanDatabase } from './database.ts';
import { RecordStore } from './record-store.ts';

/** The history of rounds. */
export class DeliberationStore extends RecordStore<Deliberation> {
  constructor(database: WitanDatabase | null) {
    super(
      {
        store: 'deliberations',
        schema: DeliberationSchema,
        index: 'askedAt',
        timeOf: ({ askedAt }) => askedAt,
      },
      database,
    );
  }

  /** Errors: those of `get` and `put`. */
  async rate(id: string, rating: 'good' | 'bad'): Promise<Outcome<Deliberation>> {
    const found = await this.get(id);
    if (!found.ok) return found;
    const rated: Deliberation = { ...found.value, rating };
    const stored = await this.put(rated);
    return stored.ok ? ok(rated) : stored;
  }
}
