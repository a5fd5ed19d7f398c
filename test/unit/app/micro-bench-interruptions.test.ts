import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MicroReport } from '#contracts/micro-bench';
import { MicroBenchRig, onWorkers } from '../../fakes/micro-bench-rig.ts';
import { turn } from '../../fakes/turn.ts';

let rig: MicroBenchRig;
beforeEach(() => {
  rig = new MicroBenchRig();
});

function reportOf(outcome: Outcome<MicroReport>): MicroReport {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

describe('stopping', () => {
  it.each(['micro-wasm-0', 'micro-gpu', 'micro-storage', 'micro-gpu-memory'])(
    'in the middle of a repetition of %s is at once; no worker is left, files are removed',
    async (name) => {
      const stop = new AbortController();
      let stoppedMs = NaN;
      rig.script = (worker) => {
        if (worker.name !== name) return;
        worker.onSample = () => {
          rig.clock.after(10, () => {
            stop.abort();
            stoppedMs = rig.clock.nowMs();
          });
        };
      };
      const outcome = await rig.run(rig.bench(), stop.signal);
      expect(outcome).toEqual(err(failure('cancelled')));
      expect(rig.clock.nowMs()).toBe(stoppedMs);
      await turn();
      expect(rig.alive()).not.toContain(true);
      for (const worker of rig.workers.filter((each) => each.name === 'micro-storage'))
        expect(worker.ended).toBe(true);
      const started = rig.workers.length;
      for (let step = 0; step < 10; step += 1) {
        rig.clock.step();
        await turn();
      }
      expect(rig.workers).toHaveLength(started);
      expect(rig.listeners.size).toBe(0);
    },
  );

  it('while workers end starts none of those that would have come', async () => {
    const stop = new AbortController();
    rig.script = onWorkers('micro-gpu', (worker) => {
      worker.end = () => {
        stop.abort();
        return Promise.resolve(ok(null));
      };
    });
    const outcome = await rig.run(rig.bench(), stop.signal);
    expect(outcome).toEqual(err(failure('cancelled')));
    await turn();
    expect(rig.workers.map(({ name }) => name)).not.toContain('micro-gpu-memory');
    expect(rig.alive()).not.toContain(true);
  });

  it('before it begins starts nothing', async () => {
    expect(await rig.bench().run(AbortSignal.abort(), () => undefined)).toEqual(err(failure('cancelled')));
    expect(rig.workers).toEqual([]);
  });
});

describe('a hidden page', () => {
  it('makes the repetition under way void, and it is done again when the page is seen', async () => {
    let hides = 0;
    rig.script = onWorkers('micro-gpu', (worker) => {
      // What a browser measures while it slows everything down.
      worker.value = () => (rig.visible ? 10 : 1);
      worker.onSample = (name) => {
        if (name !== 'gpuReadGBps' || hides === 2) return;
        hides += 1;
        rig.show(false);
        rig.clock.after(5_000, () => {
          rig.show(true);
        });
      };
    });
    const report = reportOf(await rig.run());
    expect(report.conditions.voided).toBe(2);
    expect(report.figures.gpuReadGBps?.samples).not.toContain(1);
    expect(report.figures.gpuReadGBps?.stable).toBe(true);
  });

  it('takes nothing of the time that there is for measuring', async () => {
    const seen = reportOf(await rig.run());
    rig.workers = [];
    rig.show(false);
    rig.clock.after(30_000, () => {
      rig.show(true);
    });
    const hidden = reportOf(await rig.run());
    expect(hidden.conditions.voided).toBe(0);
    expect(hidden.figures.storageReadMBps?.samples).toHaveLength(
      seen.figures.storageReadMBps?.samples.length ?? NaN,
    );
  });

  it('ends it when it stays hidden', async () => {
    rig.show(false);
    expect(await rig.run()).toEqual(err(failure('benchmark-void', { reason: 'hidden' })));
    expect(rig.alive()).not.toContain(true);
    expect(rig.clock.pending).toBe(0);
  });

  it('ends it when it comes and goes all the time', async () => {
    rig.script = (worker) => {
      worker.onSample = () => {
        rig.show(false);
        rig.show(true);
      };
    };
    expect(await rig.run()).toEqual(err(failure('benchmark-void', { reason: 'hidden' })));
  });

  it('can be stopped', async () => {
    rig.show(false);
    const stop = new AbortController();
    rig.clock.after(1_000, () => {
      stop.abort();
    });
    const outcome = await rig.run(rig.bench(), stop.signal);
    expect(outcome).toEqual(err(failure('cancelled')));
    expect(rig.clock.nowMs()).toBe(1_000);
    await turn();
    expect(rig.clock.pending).toBe(0);
  });
});
