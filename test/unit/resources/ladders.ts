import fc from 'fast-check';
import type { Backend, EngineKind, LoadOptions } from '#contracts/engine';
import type { MemberRung, MemberSpec } from '../../../src/resources/member-spec.ts';

export interface RungFigures {
  readonly id: string;
  readonly engine?: EngineKind;
  readonly backend?: Backend;
  readonly model?: string;
  /** Billions. */
  readonly parameters?: number;
  readonly megabytes?: number;
  readonly contextTokens?: number;
  readonly features?: readonly string[];
}

export function rung(figures: RungFigures): MemberRung {
  const { id, engine = 'wllama', model = 'oak', parameters = 1, megabytes = 1000, features = [] } = figures;
  const load: LoadOptions = {
    model: {
      format: 'gguf',
      id: `${model}-${id}`,
      name: `${model} ${String(parameters)}B`,
      url: `https://page/${model}-${id}.gguf`,
      sizeBytes: megabytes * 1e6,
      sha256: '',
    },
    backend: figures.backend ?? (engine === 'web-llm' ? 'webgpu' : 'cpu'),
    threads: 2,
    contextTokens: figures.contextTokens ?? 4096,
    slots: 1,
  };
  return {
    id,
    engine,
    load,
    model,
    parameters: parameters * 1e9,
    sizeBytes: megabytes * 1e6,
    features,
    accuracy: { dev: 0.5 + parameters / 10, test: 0.4 + parameters / 10 },
  };
}

/** As a real one: GPU with f16, its f32 twin, GPU with less context, a smaller quantization, the CPU, a smaller model. */
export const OAK: readonly [MemberRung, ...MemberRung[]] = [
  rung({ id: 'gpu-f16', engine: 'web-llm', parameters: 3, features: ['shader-f16'] }),
  rung({ id: 'gpu-f32', engine: 'web-llm', parameters: 3, megabytes: 1400 }),
  rung({ id: 'gpu-1k', engine: 'web-llm', parameters: 3, contextTokens: 1024, features: ['shader-f16'] }),
  rung({ id: 'gpu-q3', engine: 'web-llm', parameters: 3, megabytes: 800 }),
  rung({ id: 'cpu', parameters: 3, megabytes: 1100 }),
  rung({ id: 'small-gpu', engine: 'web-llm', model: 'sapling', parameters: 1, megabytes: 400 }),
  rung({ id: 'small-cpu', model: 'sapling', parameters: 1, megabytes: 350 }),
];

export const OAK_MEMBER: MemberSpec = { id: 'oak', name: 'Oak', rungs: OAK, bundled: false };

const anyRung = fc.record({
  engine: fc.constantFrom<EngineKind>('wllama', 'web-llm', 'prompt-api', 'remote'),
  backend: fc.constantFrom<Backend>('cpu', 'webgpu', 'remote'),
  model: fc.constantFrom('oak', 'sapling', 'acorn'),
  parameters: fc.constantFrom(1, 3, 7),
  megabytes: fc.constantFrom(0, 400, 800),
  contextTokens: fc.constantFrom(1024, 4096),
  features: fc.constantFrom<readonly string[]>([], ['shader-f16'], ['subgroups']),
});

/** Ladders of every kind, sensible or not. */
export const anyLadder: fc.Arbitrary<readonly [MemberRung, ...MemberRung[]]> = fc
  .array(anyRung, { minLength: 1, maxLength: 6 })
  .map((figures) => figures.map((each, index) => rung({ id: `r${String(index)}`, ...each })))
  .map((rungs) => {
    const [first, ...rest] = rungs;
    if (first === undefined) throw new Error('an empty ladder');
    return [first, ...rest];
  });
