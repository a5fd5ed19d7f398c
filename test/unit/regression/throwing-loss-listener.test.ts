import { expect, it, vi } from 'vitest';
import { failure, type Outcome } from '#contracts/errors';
import { WorkerSupervisor } from '../../../src/platform/worker-supervisor.ts';
import { FakeWorker } from '../../fakes/fake-worker.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

interface Api {
  hang(): Promise<Outcome<null>>;
}

it('a listener that throws on the loss of a worker does not leave calls waiting', async () => {
  const worker = new FakeWorker();
  const onFault = vi.fn();
  const supervisor = new WorkerSupervisor(new VirtualClock(), { onFault, onLost: () => undefined }, null);
  const handle = supervisor.adopt<Api>('alder', worker);
  handle.onLost(() => {
    throw new Error('listener broke');
  });
  const called = handle.call(null, () => new Promise<Outcome<null>>(() => undefined));
  // Before: the exception ended the loop, and every call behind the listener waited for ever.
  handle.terminate(failure('worker-lost', { member: 'alder' }));
  expect(await called).toMatchObject({ error: { code: 'worker-lost' } });
  expect(onFault).toHaveBeenCalledWith('alder', 'Error: listener broke');
  worker.closePorts();
});

it('a call that throws before it is sent is a failure, and leaves no timer', async () => {
  const worker = new FakeWorker();
  const clock = new VirtualClock();
  const handle = new WorkerSupervisor(clock, undefined, null).adopt<Api>('alder', worker);
  const called = handle.call(1000, () => {
    throw new DOMException('could not be cloned', 'DataCloneError');
  });
  // Before: the promise rejected, and its deadline and its listener stayed.
  expect(await called).toMatchObject({ ok: false, error: { code: 'internal' } });
  handle.terminate(failure('cancelled'));
  expect(clock.pending).toBe(0);
  worker.closePorts();
});
