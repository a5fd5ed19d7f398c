import { systemClock, type Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Backend, GgufSource, LoadedModel } from '#contracts/engine';
import type { Outcome, WitanFailure } from '#contracts/errors';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import breakableScript from '../fakes/wllama-breakable.worker.ts?worker&url';
import type { BreakableApi, Fault } from '../fakes/wllama-breakable.worker.ts';
import { NEVER, REQUEST } from './synthetic-engine.ts';

/** Two answers run, the third waits for a slot. */
const ANSWERS = 3;
const SLOTS = 2;
/** One drill in four strikes while the model is loaded, where the fault can. */
const IN_LOAD = 0.25;
const LOAD_FAULTS: ReadonlySet<Fault> = new Set(['closed', 'hangs']);
/** Longer than the first heartbeat takes: a worker that has not yet spoken is given a minute, for its script may be slow. */
const FIRST_ECHO_MS = 600;

/** A hang inside llama.cpp is found by the gap between tokens; a watch that runs out five times as fast finds it in 3 s. */
const HASTY: Clock = { ...systemClock, after: (ms, task) => systemClock.after(ms / 5, task) };

/** A machine that has other work starves a worker's thread for seconds; only where a hang is to be found is that a hang. */
const PATIENT: Clock = { ...systemClock, after: (ms, task) => systemClock.after(ms * 8, task) };

export interface Drilled {
  readonly moment: string;
  readonly loaded: Outcome<LoadedModel>;
  /** Each answer that was under way, one that came too late, and the fault's own call. */
  readonly answers: readonly Outcome<unknown>[];
  /** From the strike until every promise had settled, ms. */
  readonly settledMs: number;
  readonly lost: readonly WitanFailure[];
  readonly alive: boolean;
}

/** What can only be brought about from outside of the page. */
export interface OutsideFault {
  readonly name: string;
  readonly strike: () => Promise<void>;
}

/** Loads a model in a supervised worker, asks it, breaks something at a random moment and waits until everything has settled. */
export async function drill(
  fault: Fault | OutsideFault,
  model: GgufSource,
  random: () => number,
  backend: Backend = 'cpu',
): Promise<Drilled> {
  const lost: WitanFailure[] = [];
  const supervisor = new WorkerSupervisor(fault === 'hangs' ? systemClock : PATIENT, {
    onFault: () => undefined,
    onLost: (_name, reason) => lost.push(reason),
  });
  const worker = supervisor.start<BreakableApi>('drilled', breakableScript);
  const engine = new WorkerEngine('wllama', worker, fault === 'inner-hangs' ? HASTY : systemClock);
  let struckMs = 0;
  const pending: Promise<Outcome<unknown>>[] = [];
  const strike = (): void => {
    if (struckMs > 0) return;
    struckMs = performance.now();
    const struck =
      typeof fault === 'string'
        ? worker.call(10_000, (api) => api.strike(fault))
        : fault.strike().then(() => ok(null));
    pending.push(struck);
  };
  const inLoad = typeof fault === 'string' && LOAD_FAULTS.has(fault) && random() < IN_LOAD;
  const afterMs = FIRST_ECHO_MS + Math.floor(random() * 400);
  const afterCharacters = Math.floor(random() * 40);
  const cancelStrike = inLoad ? systemClock.after(afterMs, strike) : () => undefined;
  const options = { model, backend, threads: 1, contextTokens: 512 * SLOTS, slots: SLOTS };
  const loaded = await engine.load(NEVER, options);
  // It was loaded sooner than the strike came.
  cancelStrike();
  if (loaded.ok || struckMs > 0) {
    for (let member = 0; member < ANSWERS; member += 1) {
      let text = '';
      const request = { ...REQUEST, seed: member, maxTokens: 400 };
      pending.push(
        engine.generate(NEVER, request, (chunk) => {
          text += chunk.text;
          if (text.length >= afterCharacters) strike();
        }),
      );
    }
    if (afterCharacters === 0) strike();
  }
  // The strike itself adds one while we wait.
  for (let settled = 0; settled < pending.length;) {
    settled = pending.length;
    await Promise.all(pending);
  }
  const settledMs = performance.now() - struckMs;
  const answers = await Promise.all([...pending, engine.generate(NEVER, REQUEST, () => undefined)]);
  const { alive } = worker;
  await engine.unload();
  const moment = inLoad ? `${String(afterMs)} ms into the load` : `${String(afterCharacters)} characters`;
  return { moment, loaded, answers, settledMs, lost, alive };
}
