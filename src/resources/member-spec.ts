import type { MemberManner } from '#contracts/council';
import type { Backend, EngineKind, LoadOptions } from '#contracts/engine';
import type { WitanFailure } from '#contracts/errors';
import type { Compute } from '#contracts/leases';
import type { StarterMember } from '#contracts/starter';

/** Shares of questions answered right, 0..1, as measured when the model was made or tried. */
export interface MemberAccuracy {
  /** Breaks ties in a vote. */
  readonly dev: number;
  /** Shown to the user. */
  readonly test: number;
}

/** One way to run a member: a model in one size and context on one engine. */
export interface MemberRung {
  /** Stable within the member: the mark of a load that killed its tab refers to it. */
  readonly id: string;
  readonly engine: EngineKind;
  readonly load: LoadOptions;
  /** Which model it is, whatever its quantization and format: `qwen3-1.7b`. */
  readonly model: string;
  /** 0 where nobody tells (the browser's own model, many a server). */
  readonly parameters: number;
  /** Bytes that the weights take on this device; 0 where they are not on it, or nobody knows. */
  readonly sizeBytes: number;
  /** What it takes of the memory that it runs in, as predicted; absent: next to nothing, or nobody knows. */
  readonly memoryBytes?: number;
  /** Features that the GPU must have: `shader-f16`. */
  readonly features: readonly string[];
  readonly accuracy: MemberAccuracy | null;
}

/** A member and all the ways to run it. */
export interface MemberSpec {
  readonly id: string;
  readonly name: string;
  /** Best first. Recovery only ever moves down. */
  readonly rungs: readonly [MemberRung, ...MemberRung[]];
  /** Comes with the page: a few megabytes that cannot take a tab down with them, so its loads leave no mark. */
  readonly bundled: boolean;
  /** How it wants to be asked; absent: the bare question. */
  readonly manner?: MemberManner;
  /** Why it can be neither loaded nor asked: nothing is known of it but its seat. Its rung is not what will run. */
  readonly unavailable?: WitanFailure;
}

/** A member as it stands now, loaded or not. */
export interface SeatedMember {
  readonly spec: MemberSpec;
  readonly rung: MemberRung;
  /** Where that really runs, or is meant to. */
  readonly backend: Backend;
}

/** Where the engine is meant to run the rung; what it really used is told after loading. */
export function plannedBackend(rung: MemberRung): Backend {
  if (rung.load.backend !== undefined) return rung.load.backend;
  if (rung.engine === 'web-llm') return 'webgpu';
  if (rung.engine === 'remote') return 'remote';
  return rung.engine === 'prompt-api' ? 'browser' : 'cpu';
}

/**
 * What it computes with, and whose memory it is in; null for what runs elsewhere. What comes with the page is too small to take
 * turns.
 */
export function computeOf(spec: Pick<MemberSpec, 'bundled'>, backend: Backend): Compute | null {
  if (spec.bundled || backend === 'remote' || backend === 'browser') return null;
  return backend === 'webgpu' ? 'card' : 'processor';
}

/** One answer at a time: its whole context belongs to that answer. */
const SLOTS = 1;

/**
 * A bundled model: one rung, on the CPU.
 * @param url absolute address of its file
 */
export function starterSpec(starter: StarterMember, url: string, threads: number): MemberSpec {
  const { id, name, sizeBytes, sha256, parameters, context, accuracy } = starter;
  const load: LoadOptions = {
    model: { format: 'gguf', id, name, url, sizeBytes, sha256 },
    threads,
    contextTokens: context,
    slots: SLOTS,
  };
  const rung: MemberRung = {
    id: 'cpu',
    engine: 'wllama',
    load,
    model: id,
    parameters,
    sizeBytes,
    features: [],
    accuracy: { dev: accuracy.dev, test: accuracy.test },
  };
  return { id, name, rungs: [rung], bundled: true };
}
