import type { OpenDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

/** Decodes a link as the page would. The address in it is never visited. */
export async function open(session: Session, { link }: CommandOf<'open'>): Promise<OpenDocument> {
  const result = valueOf(await session.run(link, ({ ports }, link) => ports.bench.open(link)));
  return { schema: 'witan.open', version: 1, valid: true, result };
}
