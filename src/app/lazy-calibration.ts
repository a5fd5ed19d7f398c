import { ok } from '#kernel/result';
import type { CalibrationPort } from '#contracts/ports';
import type { WitanDatabase } from '../storage/database.ts';
import { deferredPort } from './deferred-port.ts';

async function isEmpty(database: Promise<WitanDatabase | null>): Promise<boolean> {
  try {
    return ((await (await database)?.count('calibrations')) ?? 0) === 0;
  } catch {
    return false; // its code will say what is wrong
  }
}

/** What members answered and what follows from it. Most people never ask: for them `latest` fetches none of its code. */
export function lazyCalibration(
  database: Promise<WitanDatabase | null>,
  load: () => Promise<CalibrationPort>,
): CalibrationPort {
  let loaded = false;
  const port = deferredPort<CalibrationPort>(() => {
    loaded = true;
    return load();
  });
  const latest: CalibrationPort['latest'] = async (split, leastQuestions) =>
    !loaded && (await isEmpty(database)) ? ok(null) : port.latest(split, leastQuestions);
  return new Proxy(port, {
    get: (_port, name): unknown => (name === 'latest' ? latest : Reflect.get(port, name)),
  });
}
