import { expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { MicroName } from '#contracts/micro-bench';
import type { DevicePort, WitanPorts } from '#contracts/ports';
import type { PageTools, Session } from '../../../../tools/witan/session.ts';
import { probe } from '../../../../tools/witan/verbs/probe.ts';
import { microReport } from '../../../fakes/micro-reports.ts';
import { probeReport } from '../../../fakes/port-data.ts';

const MEASURED: ProbeReport = { ...probeReport(), measured: microReport({ gpuReadGBps: 41 }) };

/** A page that measures to this outcome, and the lines that were logged. */
function page(
  measured: Outcome<ProbeReport>,
  probed: Outcome<ProbeReport>,
): { session: Session; log: string[] } {
  const log: string[] = [];
  const device: Pick<DevicePort, 'measure' | 'probe'> = {
    measure: (_signal, onProgress) => {
      for (const name of ['wasmReadGBps1', 'wasmReadGBps1', 'gpuReadGBps'] satisfies MicroName[]) {
        onProgress({ name, fraction: 0.5, secondsLeft: null });
      }
      return Promise.resolve(measured);
    },
    probe: () => Promise.resolve(probed),
  };
  const tools: PageTools = {
    ports: { device } as WitanPorts,
    signal: new AbortController().signal,
    say: (line) => log.push(line),
  };
  const run: Session['run'] = (argument, body) => body(tools, argument);
  return { session: { run } as Session, log };
}

it('measures, with a line for each figure, and prints what was found', async () => {
  const { session, log } = page(ok(MEASURED), err(failure('worker-lost')));
  expect(await probe(session)).toEqual(MEASURED);
  expect(log).toEqual(['Measuring wasmReadGBps1', 'Measuring gpuReadGBps']);
});

it('prints what the browser tells where it cannot be measured, and the log says why', async () => {
  const { session, log } = page(err(failure('benchmark-void')), ok(probeReport()));
  expect(await probe(session)).toEqual(probeReport());
  expect(log.at(-1)).toContain('benchmark-void');
});

it('fails with the code of the app where not even that works', async () => {
  const { session } = page(err(failure('benchmark-void')), err(failure('cancelled')));
  await expect(probe(session)).rejects.toMatchObject({ code: 'cancelled' });
});
