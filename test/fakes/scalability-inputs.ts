import type { ScalabilityInput } from '#contracts/scalability';

export type Member = ScalabilityInput['members'][number];

const GIB = 2 ** 30;

/** 50 ms a token, a second for the prompt, known to a fifth. */
export function member(change: Partial<Member> = {}): Member {
  return {
    id: 'one',
    name: 'One',
    backend: 'cpu',
    memoryBytes: GIB,
    decodeMs: { low: 45, median: 50, high: 55 },
    bandwidthShare: 0.6,
    prefillMs: { low: 900, median: 1000, high: 1100 },
    ...change,
  };
}

/** Four cores of an isolated page, a card, and a council of two on the processor. */
export function input(change: Partial<ScalabilityInput> = {}): ScalabilityInput {
  return {
    threads: 4,
    cores: 4,
    threadScaling: 3.2,
    memoryBytes: 8 * GIB,
    memoryIsFloor: false,
    graphics: { cards: 1, readGBps: 100 },
    remoteServers: 0,
    isolated: true,
    answerTokens: 100,
    promptTokens: 200,
    members: [member(), member({ id: 'two', name: 'Two' })],
    models: [
      { name: 'Small', memoryBytes: GIB, parameters: 1e9 },
      { name: 'Middle', memoryBytes: 3 * GIB, parameters: 3e9 },
      { name: 'Large', memoryBytes: 6 * GIB, parameters: 8e9 },
      { name: 'Huge', memoryBytes: 20 * GIB, parameters: 3e10 },
    ],
    questionsPerMinute: 0,
    ...change,
  };
}
