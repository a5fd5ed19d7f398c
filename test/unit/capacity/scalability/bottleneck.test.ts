import { describe, expect, it } from 'vitest';
import type { Projection, ScalabilityInput } from '#contracts/scalability';
import { projectScalability } from '../../../../src/capacity/scalability/project-scalability.ts';
import { input, member, type Member } from '../../../fakes/scalability-inputs.ts';

function boundOf(
  of: Partial<Member>,
  change: Partial<ScalabilityInput> = {},
  kind: Projection['kind'] = 'today',
): Projection['bound'] | undefined {
  const { projections } = projectScalability(input({ members: [member(of)], ...change }));
  return projections.find((one) => one.kind === kind)?.bound;
}

const LONG_PROMPT = { prefillMs: { low: 20_000, median: 20_000, high: 20_000 } };

describe('on the processor', () => {
  it('is what the time goes into', () => {
    expect(boundOf({ bandwidthShare: 0.9 })).toBe('bandwidth');
    expect(boundOf({ bandwidthShare: 0.1 })).toBe('compute');
    // 20 s of prompt beside 3 s of reading.
    expect(boundOf(LONG_PROMPT)).toBe('compute');
    // Four threads hardly faster than one: s = (4/1.2 − 1)/3 = 0.78.
    expect(boundOf({ bandwidthShare: 0.1 }, { threadScaling: 1.2 })).toBe('serial');
  });

  it('is what is left of it with more cores', () => {
    // s = (4/2.8 − 1)/3 = 1/7: of the time 1/7 ÷ (1/7 + 3/14) = 0.4 with four threads, 1/7 ÷ (1/7 + 3/28) = 0.57 with eight.
    expect(boundOf({ bandwidthShare: 0 }, { threadScaling: 2.2 }, 'today')).toBe('serial');
    expect(boundOf({ bandwidthShare: 0 }, { threadScaling: 2.8 }, 'today')).toBe('compute');
    expect(boundOf({ bandwidthShare: 0 }, { threadScaling: 2.8 }, 'cores')).toBe('serial');
  });
});

describe('on the card', () => {
  it('is reading, the prompt, or the start of computations', () => {
    expect(boundOf({ backend: 'webgpu', bandwidthShare: 0.7 })).toBe('bandwidth');
    expect(boundOf({ backend: 'webgpu', bandwidthShare: 0.2 })).toBe('serial');
    expect(boundOf({ backend: 'webgpu', ...LONG_PROMPT })).toBe('compute');
  });

  it('is no longer reading where that takes half as long', () => {
    // 3 s of reading become 1.5 beside 2 s of the rest.
    expect(boundOf({ backend: 'webgpu', bandwidthShare: 0.6 }, {}, 'today')).toBe('bandwidth');
    expect(boundOf({ backend: 'webgpu', bandwidthShare: 0.6 }, {}, 'graphics')).toBe('serial');
  });
});

it('is unknown of servers, of the browser’s own model, and of what takes no time', () => {
  expect(boundOf({ backend: 'remote' })).toBe('unknown');
  expect(boundOf({ backend: 'browser' })).toBe('unknown');
  const none = { low: 0, median: 0, high: 0 };
  expect(boundOf({ decodeMs: none, prefillMs: none })).toBe('unknown');
});

it('is memory where there is no council, for none fits', () => {
  const models = [{ name: 'Huge', memoryBytes: 2 ** 40, parameters: null }];
  expect(boundOf({}, { members: [], models })).toBe('memory');
  expect(boundOf({}, { members: [], models: [] })).toBe('unknown');
});
