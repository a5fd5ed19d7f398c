import { expect, it } from 'vitest';
import { DecodeGate } from '../../../workers/inference/decode-gate.ts';
import type { StreamToWorker } from '#contracts/worker-api';
import { turn } from '../../fakes/turn.ts';

function gateWithoutCredit() {
  const port = {
    onmessage: null as ((event: MessageEvent<StreamToWorker>) => void) | null,
    postMessage: () => undefined,
    close: () => undefined,
  };
  const gate = new DecodeGate(port as unknown as MessagePort, { flushIntervalMs: 0, decodeDelayMs: 0 });
  for (const token of ['a', 'b', 'c', 'd']) gate.onToken(token);
  const credit = (): void => {
    port.onmessage?.(new MessageEvent('message', { data: { type: 'credit', credits: 1 } }));
  };
  return { gate, credit };
}

it('with several slots, every step that waits at a gate is woken', async () => {
  const { gate, credit } = gateWithoutCredit();
  const steps = [gate.beforeStep(), gate.beforeStep()];
  await turn();
  credit();
  // Before: there was room for one sleeper; the first step was forgotten and its answer never went on.
  await expect(Promise.all(steps)).resolves.toHaveLength(2);
});

it('a step that waits when its answer ends is let go', async () => {
  const { gate } = gateWithoutCredit();
  const step = gate.beforeStep();
  await turn();
  gate.close();
  // Before: woken, it found no credit and slept again, for ever.
  await expect(step).resolves.toBeUndefined();
});
