import { systemClock } from '#kernel/clock';
import type { WitanFailure } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { Drilled } from '../../../test/browser/fault-drill.ts';
import { sourceOf } from '../../../test/browser/synthetic-model.ts';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { WORKER_SCRIPTS } from '../../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../../src/platform/worker-supervisor.ts';
import { NEVER, REQUEST } from '../../../test/browser/synthetic-engine.ts';
import type { Placement } from './stack.ts';

/** `truncated`: cut off anywhere. `garbage`: random bytes from anywhere behind the magic on. */
export type Damage = 'truncated' | 'garbage';

/** A GGUF file begins with its magic and version. */
const HEAD_BYTES = 8;
/** So far at least its metadata reach, in the synthetic models. */
const HEADER_BYTES = 2048;

function damage(kind: Damage, whole: Uint8Array<ArrayBuffer>, place: number, random: () => number): void {
  if (kind === 'garbage')
    for (let at = place; at < whole.length; at += 1) whole[at] = Math.floor(random() * 256);
}

/**
 * Loads a damaged file through the whole stack. Size and hash are those of the damaged bytes: nothing is caught by a
 * comparison, native code has to meet it.
 * @param sound the file before it was damaged
 */
export async function loadDamaged(
  kind: Damage,
  sound: Uint8Array<ArrayBuffer>,
  random: () => number,
  placement: Placement,
): Promise<Drilled> {
  const whole = sound.slice();
  // Half of them in the header: of random weights nobody can tell that they are none.
  const among = random() < 0.5 ? HEADER_BYTES : whole.length;
  const place = HEAD_BYTES + Math.floor(random() * (among - HEAD_BYTES));
  damage(kind, whole, place, random);
  const damaged = await sourceOf(kind === 'truncated' ? whole.slice(0, place) : whole);
  const lost: WitanFailure[] = [];
  const supervisor = new WorkerSupervisor(systemClock, {
    onFault: () => undefined,
    onLost: (_name, reason) => lost.push(reason),
  });
  const worker = supervisor.start<InferenceWorkerApi>('damaged', WORKER_SCRIPTS.wllama);
  const engine = new WorkerEngine('wllama', worker, systemClock);
  const startMs = performance.now();
  const loaded = await engine.load(NEVER, { model: damaged, ...placement });
  const answered = await engine.generate(NEVER, REQUEST, () => undefined);
  const settledMs = performance.now() - startMs;
  // No model, and yet an answer.
  const alive = !loaded.ok && answered.ok;
  await engine.unload();
  URL.revokeObjectURL(damaged.url);
  return {
    moment: `byte ${String(place)}`,
    loaded,
    answers: [answered],
    settledMs,
    lost,
    alive,
  };
}
