import type { BenchResult } from '../../../src/contracts/bench.ts';
import type { BenchDocument } from '../../../src/contracts/headless.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

export interface BenchedRun {
  readonly result: BenchResult;
  readonly link: string;
  readonly wallMs: number;
}

/** Runs the quick suite and makes its link. @throws DriverFailure with the code of the app */
export async function benchQuick(session: Session): Promise<BenchedRun> {
  const outcome = await session.run(null, async ({ ports, signal, say }) => {
    const startMs = performance.now();
    let told = 0;
    const measured = await ports.bench.runQuick(signal, ({ done, total, current }) => {
      if (done < told + 10 && done !== total) return;
      told = done;
      say(`${done} of ${total}: ${current}`);
    });
    if (!measured.ok) return measured;
    const wallMs = performance.now() - startMs;
    const link = await ports.bench.link(measured.value);
    if (!link.ok) return link;
    return { ok: true as const, value: { result: measured.value, link: link.value, wallMs } };
  });
  return valueOf(outcome);
}

export async function bench(session: Session): Promise<BenchDocument> {
  const { result, link, wallMs } = await benchQuick(session);
  return {
    schema: 'witan.bench-run',
    version: 1,
    suite: result.suite,
    environment: result.environment,
    conditions: result.conditions,
    tests: result.tests.map((test) => ({ name: `${test.member}/${test.test}`, ...test })),
    micro: {},
    scoreRefused: 'The quick suite has no score: no reference device has been measured yet.',
    link,
    wall: wallMs,
  };
}
