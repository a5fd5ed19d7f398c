import type { VerbDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

/**
 * What models would do on this device; it is measured first where it never was, and `wall` counts that. A model that is to be
 * measured itself is run first, and is then the one that is told of where no others are named.
 * @throws DriverFailure
 */
export async function predict(
  session: Pick<Session, 'run'>,
  command: CommandOf<'predict'>,
): Promise<VerbDocument<'predict'>> {
  const { measure } = command;
  const asked = {
    models: command.models ?? (measure === undefined ? null : [measure]),
    measure: measure ?? null,
    // A model that is measured itself needs no other figures than its own.
    whole: measure === undefined || command.models !== undefined,
  };
  const outcome = await session.run(
    asked,
    async ({ ports, signal, say }, { models, measure: own, whole }) => {
      const startMs = performance.now();
      const capacity = await ports.capacity();
      const sayTenths = (): ((progress: { readonly phase: string; readonly fraction: number }) => void) => {
        let told = 0;
        return ({ phase, fraction }) => {
          const tenths = Math.floor(10 * fraction);
          if (tenths > told) say(`${phase}: ${10 * tenths} %`);
          told = Math.max(told, tenths);
        };
      };
      if (own !== null) {
        say(`Measuring ${own} with random weights: its compiled library is fetched, and nothing else.`);
        const measured = await capacity.measureModel(signal, own, sayTenths());
        if (!measured.ok) return measured;
      }
      const known = whole ? await capacity.measurement() : null;
      if (known?.ok === false) return known;
      if (known?.value === null) {
        say('This device was not measured yet: measuring it first.');
        const measured = await capacity.measure(signal, sayTenths());
        // What can be said without a measurement is said all the same.
        if (!measured.ok) say(`Not measured (${measured.error.code}): speeds are not known.`);
      }
      const predicted = await capacity.predict(signal, models);
      if (!predicted.ok) return predicted;
      return { ok: true as const, value: { ...predicted.value, wall: performance.now() - startMs } };
    },
  );
  return valueOf(outcome);
}
