import { err, ok } from '#kernel/result';
import {
  NOTHING_SAID,
  type Engine,
  type EngineKind,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type Pacing,
  type TokenChunk,
  type WaitsFor,
} from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { Priority } from './aging.ts';
import type { Orchestrator } from './orchestrator.ts';

export interface AskingOptions {
  /** Absent: normal. */
  readonly priority?: Priority;
  /** Of every answer; absent: the caller's signal alone ends it. */
  readonly deadlineMs?: number;
}

/**
 * A member's engine whose answers go through the orchestrator: for a round, which asks engines. Its models are loaded and
 * unloaded by whoever owns them.
 */
export function orchestratedEngine(
  orchestrator: Orchestrator,
  memberId: string,
  options: AskingOptions = {},
): Engine {
  const kindBefore = orchestrator.kindOf(memberId) ?? 'wllama';
  return {
    /** As it stands now: a member in trouble may change its engine. */
    get kind(): EngineKind {
      return orchestrator.kindOf(memberId) ?? kindBefore;
    },
    load: (): Promise<Outcome<LoadedModel>> =>
      Promise.resolve(err(failure('internal', { reason: 'the orchestrator loads its models by itself' }))),
    generate: async (
      signal: AbortSignal,
      request: GenerateRequest,
      onChunk: (chunk: TokenChunk) => void,
      onWait?: (waitsFor: WaitsFor | null) => void,
    ): Promise<Outcome<Generation>> => {
      const asked = { ...options, target: memberId, generate: request };
      const answered = await orchestrator.submit(signal, asked, {
        onChunk,
        ...(onWait === undefined
          ? {}
          : {
              onPlace: ({ waitsFor }) => {
                onWait(waitsFor);
              },
              onStart: () => {
                onWait(null);
              },
            }),
      });
      // As every engine has it: who stops before the first token gets an empty answer, no error.
      const stopped = !answered.ok && answered.error.code === 'cancelled' && signal.aborted;
      return stopped ? ok(NOTHING_SAID) : answered;
    },
    setPacing: (pacing: Pacing) => {
      orchestrator.setPacing(memberId, pacing);
    },
    unload: () => Promise.resolve(),
  };
}
