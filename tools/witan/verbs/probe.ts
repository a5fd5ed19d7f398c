import type { VerbDocument } from '../../../src/contracts/headless.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

export async function probe(session: Session): Promise<VerbDocument<'probe'>> {
  return valueOf(await session.run(null, ({ ports, signal }) => ports.device.probe(signal)));
}
