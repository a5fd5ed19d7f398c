import { IDBFactory } from 'fake-indexeddb';
import { openWitanDatabase, type WitanDatabase } from '../../src/storage/database.ts';

/** From here on the page has a database of its own, with nothing in it. */
export function emptyStorage(): void {
  globalThis.indexedDB = new IDBFactory();
}

/** The app's database, as one more tab opens it. */
export async function openedDatabase(): Promise<WitanDatabase> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}
