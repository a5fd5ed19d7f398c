import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { WitanDatabase } from './database.ts';

const KEY = 'response-cache';

const ResponseSwitchSchema = v.object({
  schema: v.literal('witan.response-switch'),
  version: v.literal(1),
  enabled: v.boolean(),
});

/** Whether answers are kept, one word for all tabs; until somebody says otherwise they are. */
export class ResponseSwitch {
  readonly #database: WitanDatabase | null;
  /** What was chosen here and could not be written, or of a browser that keeps nothing. */
  #memory: boolean | null = null;
  /** What was read last. */
  #read = false;

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  /**
   * Never rejects. What cannot be read is what it was when it could be, and before that a no: who said no must not be kept
   * because a disk failed.
   */
  async isOn(): Promise<boolean> {
    if (this.#memory !== null || this.#database === null) return this.#memory ?? true;
    try {
      const stored: unknown = await this.#database.get('settings', KEY);
      const parsed = v.safeParse(ResponseSwitchSchema, stored);
      this.#read = stored === undefined || (parsed.success && parsed.output.enabled);
    } catch {
      // As it was.
    }
    return this.#read;
  }

  /** Errors: storage-failed: it then holds in this tab alone. */
  async set(enabled: boolean): Promise<Outcome<null>> {
    this.#memory = enabled;
    if (this.#database === null) return ok(null);
    try {
      const chosen = { schema: 'witan.response-switch', version: 1, enabled } as const;
      await this.#database.put('settings', chosen, KEY);
      this.#memory = null;
      return ok(null);
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'settings' }, thrown));
    }
  }
}
