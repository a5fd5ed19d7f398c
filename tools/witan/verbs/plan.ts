import type { VerbDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

/** The council that fits this device; the device is measured first where it never was. @throws DriverFailure */
export async function plan(
  session: Pick<Session, 'run'>,
  command: CommandOf<'plan'>,
): Promise<VerbDocument<'plan'>> {
  const outcome = await session.run(command.goal, async ({ ports, signal, say }, goal) => {
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
      if (!measured.ok) return measured;
    }
    const planned = await capacity.plan(signal, goal);
    if (!planned.ok) return planned;
    return { ok: true as const, value: { ...planned.value, wall: performance.now() - startMs } };
  });
  return valueOf(outcome);
}
