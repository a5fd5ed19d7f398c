import type { CapacityPlan, PlanMember } from '#contracts/plan';
import type { Projection, ScalabilityReport } from '#contracts/scalability';
import { cardModels, estimate } from './capacity-data.ts';

/** Plausible values for pages and tests. Figures are made up: nothing here was measured. */
const MIB = 2 ** 20;

export function planMember(id: string, change: Partial<PlanMember> = {}): PlanMember {
  return {
    id,
    name: id,
    family: 'SmolLM',
    engine: 'wllama',
    backend: 'cpu',
    quantization: 'Q8_0',
    downloadBytes: 386_404_992,
    contextTokens: 4096,
    memoryBytes: 610 * MIB,
    tokensPerSecond: estimate(21.5, 0.12),
    ttft: estimate(560, 0.15),
    accuracy: null,
    score: 31.4,
    threads: 2,
    ...change,
  };
}

export function capacityPlan(change: Partial<CapacityPlan> = {}): CapacityPlan {
  const members = [
    planMember('alder', {
      name: 'Alder',
      family: 'Witan',
      engine: 'starter',
      downloadBytes: 0,
      accuracy: 0.97,
      score: null,
      memoryBytes: 24 * MIB,
      tokensPerSecond: estimate(310, 0.08),
      ttft: estimate(38, 0.2),
    }),
    planMember('smollm2-360m', { name: 'SmolLM2 360M Instruct' }),
    planMember('gemma-3-270m', {
      name: 'Gemma 3 270M',
      family: 'Gemma',
      quantization: 'Q4_K_M',
      downloadBytes: 253_000_000,
      tokensPerSecond: estimate(34, 0.1),
    }),
  ];
  const parts = members.flatMap(({ id }, index) => [
    { name: 'weights' as const, member: id, bytes: (index === 0 ? 1 : 310 + index * 37) * MIB },
    { name: 'cache' as const, member: id, bytes: (index === 0 ? 2 : 80 + index * 13.4) * MIB },
    { name: 'scratch' as const, member: id, bytes: (index === 0 ? 1 : 60.6) * MIB },
  ]);
  const spoken = [
    { name: 'system' as const, member: null, bytes: 2048 * MIB },
    { name: 'page' as const, member: null, bytes: 412.3 * MIB },
    { name: 'engine' as const, member: null, bytes: 240.9 * MIB },
    ...parts,
    { name: 'reserve' as const, member: null, bytes: 819.2 * MIB },
  ];
  const free = 8192 * MIB - spoken.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    schema: 'witan.plan',
    version: 1,
    goal: 'balanced',
    tier: 'mid',
    formula: 'cpu',
    members,
    concurrency: 2,
    context: 4096,
    budget: {
      totalBytes: 8192 * MIB,
      source: 'hint',
      lines: [...spoken, { name: 'free', member: null, bytes: free }],
    },
    graphicsBudget: null,
    quality: { maxTokens: 256, samples: 1, precision: 'Q4_K_M', flushIntervalMs: 50 },
    thresholds: [
      {
        metric: 'tokens-per-second',
        unit: 'tokens/s',
        reduceAt: 4,
        restoreAt: 6,
        action: 'The slowest member rests.',
      },
      { metric: 'memory', unit: 'share', reduceAt: 0.9, restoreAt: 0.75, action: 'The context is halved.' },
      {
        metric: 'frame-interval',
        unit: 'ms',
        reduceAt: 33,
        restoreAt: 20,
        action: 'Text is updated less often.',
      },
    ],
    expected: {
      promptTokens: 64,
      answerTokens: 128,
      answerMs: { low: 8200, median: 9400, high: 11_800 },
      firstTokenMs: estimate(38, 0.2),
      tokensPerSecond: estimate(52.4, 0.14),
    },
    checks: [
      {
        name: 'memory',
        pass: true,
        figure: 3.8 * 1024 * MIB,
        limit: 8192 * MIB,
        unit: 'bytes',
        detail: 'The council and the reserve fit into the memory of this device.',
      },
      {
        name: 'latency',
        pass: true,
        figure: 9400,
        limit: 30_000,
        unit: 'ms',
        detail: 'All members answer before most people give up.',
      },
      {
        name: 'seats',
        pass: true,
        figure: 3,
        limit: 3,
        unit: '',
        detail: 'Three members can outvote one that errs.',
      },
      {
        name: 'families',
        pass: true,
        figure: 3,
        limit: 2,
        unit: '',
        detail: 'Members of different families err differently.',
      },
    ],
    iterations: [
      {
        change: 'Qwen3 1.7B gives its seat to Gemma 3 270M.',
        because: 'All would have answered after 41 s, limit 30 s.',
      },
      { change: 'Context from 8,192 to 4,096 tokens.', because: 'It fits the memory with more reserve.' },
    ],
    valid: true,
    refusal: null,
    leftOut: [
      { id: 'qwen3-1.7b', name: 'Qwen3 1.7B', because: 'Its answer would take 41 s, more than 30 s.' },
      { id: 'qwen3.5-4b', name: 'Qwen3.5 4B', because: 'It does not fit this device.' },
      ...cardModels(161).map(({ id, name }) => ({ id, name, because: 'It needs a graphics card.' })),
    ],
    correction: 1,
    wall: 0.3,
    ...change,
  };
}

/** One that says why there is no council. */
export function refusedPlan(): CapacityPlan {
  return capacityPlan({
    members: [],
    concurrency: 0,
    valid: false,
    refusal:
      'No council of two members fits: the smallest needs 1.1 GiB, and this device leaves 0.6 GiB. The starter council runs all the same.',
    expected: {
      promptTokens: 64,
      answerTokens: 128,
      answerMs: null,
      firstTokenMs: null,
      tokensPerSecond: null,
    },
    checks: capacityPlan().checks.map((check) => ({
      ...check,
      pass: check.name !== 'memory' && check.name !== 'seats',
      ...(check.name === 'memory' ? { figure: 8.5 * 1024 * MIB } : {}),
      ...(check.name === 'seats' ? { figure: 0 } : {}),
    })),
  });
}

export function projection(change: Partial<Projection> = {}): Projection {
  return {
    kind: 'today',
    title: 'Today',
    members: 3,
    largestModel: 'Qwen3 1.7B',
    tokensPerSecond: estimate(52.4, 0.14),
    answerMs: estimate(9400, 0.2),
    speedup: 1,
    bound: 'bandwidth',
    formula: 't = bytes ÷ bandwidth + t_fixed',
    terms: [
      { name: 'Bytes of a token', value: 386 * MIB, unit: 'bytes' },
      { name: 'Bandwidth', value: 14.8, unit: 'GB/s' },
      { name: 'Fixed time of a token', value: 1.4, unit: 'ms' },
    ],
    ...change,
  };
}

export function scalabilityReport(): ScalabilityReport {
  return {
    schema: 'witan.scalability',
    version: 1,
    projections: [
      projection(),
      projection({
        kind: 'memory',
        title: 'Twice the memory (16 GiB)',
        members: 4,
        largestModel: 'SmolLM3 3B',
        bound: 'bandwidth',
      }),
      projection({
        kind: 'cores',
        title: 'Twice the cores (4)',
        tokensPerSecond: estimate(78, 0.25),
        answerMs: estimate(6300, 0.3),
        speedup: 1.49,
        bound: 'serial',
        formula: 'S = 1 ÷ ((1 − p) + p ÷ n) (Amdahl)',
        terms: [
          { name: 'Share that runs side by side', value: 0.66, unit: 'share' },
          { name: 'Cores', value: 4, unit: '' },
        ],
      }),
      projection({
        kind: 'servers',
        title: 'Two servers',
        members: 5,
        tokensPerSecond: null,
        answerMs: null,
        speedup: null,
        bound: 'unknown',
        formula: 'W = 1 ÷ (μ − λ) (M/M/c)',
        terms: [{ name: 'Questions a minute', value: 2, unit: '' }],
      }),
    ],
    recommendations: [
      {
        horizon: 'now',
        title: 'Close other tabs while asking',
        detail: 'Frees memory for a fourth member.',
        because: 'The fourth member misses the budget by 120 MiB.',
      },
      {
        horizon: 'medium',
        title: 'A browser with WebGPU',
        detail: 'Moves the members to the graphics card.',
        because: '161 models need one.',
      },
      {
        horizon: 'long',
        title: 'Memory that reads faster',
        detail: 'Doubles the speed of every member.',
        because: 'Reading the weights is what takes the time.',
      },
      {
        horizon: 'risk',
        title: 'More memory alone brings no speed',
        detail: 'It makes room for larger, slower members.',
        because: 'The bandwidth stays the same.',
      },
    ],
  };
}
