import { describe, expect, it } from 'vitest';
import { failure, type ErrorCode } from '#contracts/errors';
import {
  ladderAt,
  nextStep,
  rungAfterDeath,
  type LadderState,
  type LadderStep,
  type Trouble,
} from '../../../src/resources/recovery-ladder.ts';
import { OAK, rung } from './ladders.ts';

const at = (id: string): LadderState => ladderAt(OAK.findIndex((each) => each.id === id));
const CALM: Pick<Trouble, 'deviceMayReturn'> = { deviceMayReturn: true };

function step(state: LadderState, code: ErrorCode, change: Partial<Trouble> = {}): LadderStep {
  return nextStep(OAK, state, { problem: failure(code), phase: 'load', ...CALM, ...change });
}

/** Where the step leads, in words. */
function where(taken: LadderStep): string {
  if (taken.do === 'give-up') return 'give-up';
  const id = OAK[taken.state.rung]?.id ?? '?';
  return taken.do === 'descend' ? id : `${taken.do} ${id}`;
}

describe('a lost GPU', () => {
  it('is started once more on the same rung', () => {
    const taken = step(at('gpu-f16'), 'device-lost', { phase: 'run' });
    expect(taken).toMatchObject({ do: 'restart', state: { rung: 0, deviceRestarts: 0 } });
  });

  it.each([['run'], ['load']] as const)('then leaves the GPU, with the same model (%s)', (phase) => {
    const again = { ...at('gpu-f16'), deviceRestarts: 0 };
    expect(where(step(again, 'device-lost', { phase }))).toBe('cpu');
  });

  it('leaves it at once when it was lost to somebody else before', () => {
    expect(where(step(at('gpu-f16'), 'device-lost', { phase: 'run', deviceMayReturn: false }))).toBe('cpu');
  });

  it('takes a smaller model where the same cannot run on the CPU, off the GPU if there is one', () => {
    const gpuOnly = OAK.filter(({ id }) => id !== 'cpu');
    const gone = { problem: failure('device-lost'), phase: 'run', ...CALM, deviceMayReturn: false } as const;
    expect(nextStep(gpuOnly, ladderAt(0), gone)).toMatchObject({ do: 'descend', state: { rung: 5 } });
    const noCpuAtAll = gpuOnly.filter(({ id }) => id !== 'small-cpu');
    expect(nextStep(noCpuAtAll, ladderAt(0), gone)).toMatchObject({ do: 'descend', state: { rung: 4 } });
    expect(nextStep(noCpuAtAll, ladderAt(4), gone)).toEqual({ do: 'give-up' });
  });
});

describe('too little memory', () => {
  it('takes less context, then a smaller quantization, then a smaller model', () => {
    const path: string[] = [];
    let state = at('gpu-f16');
    for (;;) {
      const taken = step(state, 'out-of-memory');
      path.push(where(taken));
      if (taken.do === 'give-up') break;
      ({ state } = taken);
    }
    // From the 800 MB rung: no smaller one of the same model, so the smaller model.
    expect(path).toEqual(['gpu-1k', 'gpu-q3', 'small-gpu', 'small-cpu', 'give-up']);
  });

  it('is what a load that never ends looks like', () => {
    expect(where(step(at('gpu-f16'), 'deadline-exceeded'))).toBe('gpu-1k');
  });
});

it.each(['engine-incompatible', 'model-invalid'] as const)(
  '%s is left: the host has tried it anew',
  (code) => {
    expect(where(step(at('gpu-f16'), code))).toBe('gpu-f32');
  },
);

describe('a missing feature', () => {
  it('takes the twin that does without it', () => {
    const missing = (feature: string) => failure('feature-missing', { model: 'Oak', feature });
    expect(where(step(at('gpu-f16'), 'feature-missing', { problem: missing('shader-f16') }))).toBe('gpu-f32');
    const f16Only = [OAK[0], rung({ id: 'small', model: 'sapling', parameters: 1 })];
    const taken = nextStep(f16Only, ladderAt(0), { problem: missing('shader-f16'), phase: 'load', ...CALM });
    expect(taken).toMatchObject({ do: 'descend', state: { rung: 1 } });
  });

  it('takes a rung that needs less where the engine did not say what is missing', () => {
    expect(where(step(at('gpu-f16'), 'feature-missing'))).toBe('gpu-f32');
  });
});

describe('a lost worker', () => {
  it.each([['worker-lost'], ['worker-silent']] as const)(
    '%s: twice more while it loads, then something smaller',
    (code) => {
      let state = at('gpu-f16');
      for (const left of [1, 0]) {
        const taken = step(state, code);
        expect(taken).toMatchObject({ do: 'restart', state: { rung: 0, loadRestarts: left } });
        if (taken.do === 'give-up') return;
        ({ state } = taken);
      }
      expect(where(step(state, code))).toBe('gpu-1k');
    },
  );

  it('while it serves: as often as the window allows, then something smaller', () => {
    expect(step(at('cpu'), 'worker-lost', { phase: 'run' })).toMatchObject({
      do: 'restart',
      state: { runRestarts: 7 },
    });
    const storm = { ...at('cpu'), runRestarts: 0 };
    expect(where(step(storm, 'worker-lost', { phase: 'run' }))).toBe('small-gpu');
    expect(where(step({ ...at('small-cpu'), runRestarts: 0 }, 'worker-lost', { phase: 'run' }))).toBe(
      'give-up',
    );
  });

  it('an engine that fails while it serves gets a fresh worker; one that fails to load, the next rung', () => {
    expect(step(at('cpu'), 'engine-failed', { phase: 'run' })).toMatchObject({ do: 'restart' });
    expect(where(step(at('gpu-f16'), 'engine-failed'))).toBe('gpu-f32');
  });
});

it('an engine that cannot run here is left for another', () => {
  expect(where(step(at('gpu-f16'), 'engine-unavailable'))).toBe('cpu');
  expect(where(step(at('gpu-f16'), 'model-load-failed'))).toBe('gpu-f32');
});

it.each<ErrorCode>([
  'model-fetch-failed',
  'consent-required',
  'remote-refused',
  'remote-busy',
  'request-unsupported',
  'internal',
])('%s is no reason to change the model', (code) => {
  expect(step(at('gpu-f16'), code)).toEqual({ do: 'give-up' });
});

it('after a tab died: fewer bytes, else less context, else nothing', () => {
  expect(rungAfterDeath(OAK, 0)).toBe(3);
  expect(rungAfterDeath(OAK, 6)).toBeNull();
  const contexts = [rung({ id: 'a' }), rung({ id: 'b', contextTokens: 1024 })];
  expect(rungAfterDeath(contexts, 0)).toBe(1);
});
