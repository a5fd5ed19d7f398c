import type { VerbDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

/**
 * What models would do on this device; it is measured first where it never was, and `wall` counts that.
 * @throws DriverFailure
 */
export async function predict(
  session: Pick<Session, 'run'>,
  command: CommandOf<'predict'>,
): Promise<VerbDocument<'predict'>> {
  const outcome = await session.run(command.models ?? null, async ({ ports, signal, say }, models) => {
    const startMs = performance.now();
    const capacity = await ports.capacity();
    const known = await capacity.measurement();
    if (!known.ok) return known;
    if (known.value === null) {
      say('This device was not measured yet: measuring it first.');
      let told = 0;
      const measured = await capacity.measure(signal, ({ phase, fraction }) => {
        const tenths = Math.floor(10 * fraction);
        if (tenths > told) say(`${phase}: ${10 * tenths} %`);
        told = Math.max(told, tenths);
      });
      // What can be said without a measurement is said all the same.
      if (!measured.ok) say(`Not measured (${measured.error.code}): speeds are not known.`);
    }
    const predicted = await capacity.predict(signal, models);
    if (!predicted.ok) return predicted;
    return { ok: true as const, value: { ...predicted.value, wall: performance.now() - startMs } };
  });
  return valueOf(outcome);
}
