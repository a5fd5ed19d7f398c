import type { VerbDocument } from '../../../src/contracts/headless.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

/** Measures the device first; what cannot be measured here is probed without, and the log says why. */
export async function probe(session: Session): Promise<VerbDocument<'probe'>> {
  const outcome = await session.run(null, async ({ ports, signal, say }) => {
    let shown = '';
    const measured = await ports.device.measure(signal, ({ name }) => {
      if (name === shown) return;
      shown = name;
      say(`Measuring ${name}`);
    });
    if (measured.ok) return measured;
    say(`Not measured (${measured.error.code}); only what the browser tells follows.`);
    return ports.device.probe(signal);
  });
  return valueOf(outcome);
}
