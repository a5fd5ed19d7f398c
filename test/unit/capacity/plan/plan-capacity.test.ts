import { expect, test } from 'vitest';
import { GOALS, type CapacityPlan, type MeasuredAnswers, type PlanInput } from '#contracts/plan';
import { admitted } from '../../../../src/capacity/plan/admission.ts';
import type { Terms } from '../../../../src/capacity/plan/check-bits.ts';
import { GOAL_LIMITS } from '../../../../src/capacity/plan/goal-limits.ts';
import { planCapacity } from '../../../../src/capacity/plan/plan-capacity.ts';
import { refine } from '../../../../src/capacity/plan/refinement.ts';
import { roomOf } from '../../../../src/capacity/plan/room.ts';
import {
  about,
  cardCandidates,
  cpuCandidates,
  planCandidate,
  planInput,
  SKETCHES,
  starterCandidates,
} from '../../../fakes/plan-inputs.ts';

const GIB = 2 ** 30;

const memory = (gib: number | null, typed = false): PlanInput['memory'] => ({
  bytes: gib === null ? null : gib * GIB,
  floor: false,
  typed,
});
const idsOf = ({ members }: CapacityPlan): readonly string[] => members.map(({ id }) => id);
const checkOf = ({ checks }: CapacityPlan, name: string): CapacityPlan['checks'][number] | undefined =>
  checks.find((check) => check.name === name);

const DEVICES = {
  low: planInput({
    tier: 'low',
    threads: 2,
    memory: memory(4),
    candidates: [...cpuCandidates(8), ...starterCandidates()],
  }),
  mid: planInput(),
  high: planInput({
    tier: 'high',
    threads: 16,
    memory: memory(32),
    candidates: [...cpuCandidates(40), ...starterCandidates()],
  }),
} as const;

test.each([
  { tier: 'low', goal: 'speed', ids: ['smollm2-360m', 'gemma-3-270m'], samples: 1 },
  { tier: 'low', goal: 'balanced', ids: ['lfm2-700m', 'smollm2-360m'], samples: 1 },
  { tier: 'low', goal: 'quality', ids: ['lfm2-700m', 'qwen3.5-0.8b'], samples: 3 },
  { tier: 'mid', goal: 'speed', ids: ['smollm2-360m', 'gemma-3-270m'], samples: 1 },
  { tier: 'mid', goal: 'balanced', ids: ['qwen3.5-2b', 'lfm2-700m'], samples: 1 },
  { tier: 'mid', goal: 'quality', ids: ['qwen3.5-2b', 'lfm2-1.2b'], samples: 3 },
  { tier: 'high', goal: 'speed', ids: ['smollm2-360m', 'gemma-3-270m'], samples: 1 },
  { tier: 'high', goal: 'balanced', ids: ['qwen3.5-2b', 'lfm2-700m'], samples: 1 },
  { tier: 'high', goal: 'quality', ids: ['qwen3.5-4b', 'gemma-4-e2b'], samples: 3 },
] as const)('a $tier device for $goal: $ids', ({ tier, goal, ids, samples }) => {
  const plan = planCapacity({ ...DEVICES[tier], goal });
  expect(plan).toMatchObject({
    valid: true,
    refusal: null,
    tier,
    goal,
    formula: 'cpu',
    graphicsBudget: null,
  });
  expect(idsOf(plan)).toEqual(ids);
  expect(plan.quality.samples).toBe(samples);
  expect(plan.quality.maxTokens).toBeGreaterThanOrEqual(128);
});

test.each(['low', 'mid', 'high'] as const)(
  'on a %s device speed is soonest and quality stands highest',
  (tier) => {
    const [soonest, best, between] = GOALS.map((goal) => planCapacity({ ...DEVICES[tier], goal }));
    const waits = [soonest, between, best].map((plan) => plan?.expected.answerMs?.median ?? NaN);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  },
);

test('what was changed is said with its reason, and so is what was left out', () => {
  const plan = planCapacity({ ...DEVICES.mid, goal: 'quality' });
  expect(plan.iterations).toEqual([
    {
      change: 'qwen3.5-2b and lfm2-1.2b instead of qwen3.5-4b and gemma-4-e2b',
      because:
        "The members take up to 6.5 GiB; 3.3 GiB may be taken of 8.0 GiB, half of the browser's rounded figure less the page and a reserve.",
    },
  ]);
  expect(plan.leftOut.map(({ id, because }) => [id, because])).toEqual([
    ['qwen3.5-4b', 'With the others it would take 4.5 GiB of memory; 3.3 GiB may be taken.'],
    ['gemma-4-e2b', 'It takes 3.3 GiB of memory; 3.3 GiB may be taken.'],
    ['smollm3-3b', 'With the others it would take 3.6 GiB of memory; 3.3 GiB may be taken.'],
  ]);
});

test('what no engine holds on the processor is left out, however much memory there is', () => {
  const giant = planCandidate({ id: 'giant', family: 'Giant', billions: 9, score: 60, sizeMiB: 5000 }, 20);
  const plan = planCapacity({
    ...DEVICES.high,
    goal: 'quality',
    candidates: [...DEVICES.high.candidates, giant],
  });
  expect(plan.valid).toBe(true);
  expect(plan.leftOut[0]).toEqual({
    id: 'giant',
    name: 'giant',
    because: 'It takes more than the 4.0 GiB that an engine on the processor holds.',
  });
});

test('a shorter context is taken where the cache is what does not fit', () => {
  const big = (id: string, family: string): PlanInput['candidates'][number] =>
    planCandidate({ id, family, billions: 1, score: 40, sizeMiB: 500, cacheMiB: 1024 }, 30);
  const plan = planCapacity(
    planInput({ goal: 'quality', memory: memory(7), candidates: [big('a', 'A'), big('b', 'B')] }),
  );
  expect(plan).toMatchObject({ valid: true, context: 2048 });
  expect(plan.iterations[0]?.change).toContain('a context of 2,048 tokens instead of 4,096');
});

test('one answer of each is drawn where three would take too long', () => {
  const plan = planCapacity({ ...DEVICES.low, goal: 'quality', memory: memory(16) });
  expect(plan.valid).toBe(true);
  expect(plan.quality.samples).toBe(1);
  expect(plan.iterations.some(({ because }) => because.includes('90 s is bearable'))).toBe(true);
});

test('members on the processor take turns where sharing the threads would make the first word late', () => {
  const slow = ['A', 'B'].map((family) =>
    planCandidate({ id: family, family, billions: 1, score: 40, sizeMiB: 500 }, 10, { ttft: about(8000) }),
  );
  const plan = planCapacity(planInput({ goal: 'quality', threads: 8, candidates: slow }));
  expect(plan).toMatchObject({ valid: true, concurrency: 1, members: [{ threads: 8 }, { threads: 8 }] });
  expect(plan.iterations.at(-1)?.change).toBe('one member at a time on the processor instead of 2');
  const quick = planCapacity({ ...DEVICES.mid, goal: 'quality', threads: 8 });
  expect(quick).toMatchObject({ concurrency: 2, members: [{ threads: 4 }, { threads: 4 }] });
});

test('the bundled council is the fallback, as a whole, and is not compared with public scores', () => {
  for (const goal of GOALS) {
    const slow = planCapacity(
      planInput({ goal, candidates: [...cpuCandidates(0.2), ...starterCandidates()] }),
    );
    expect(idsOf(slow)).toEqual(['alder', 'birch', 'cedar']);
    expect(slow).toMatchObject({
      valid: true,
      context: 256,
      expected: { promptTokens: 128, answerTokens: 128 },
    });
    expect(slow.iterations.at(-1)?.change).toBe('the bundled council instead of general models');
    expect(idsOf(planCapacity(planInput({ goal }))).some((id) => id === 'birch')).toBe(false);
  }
});

test('for speed a general model must be fluent, for quality it may be slow', () => {
  const slow = ['A', 'B'].map((family) =>
    planCandidate({ id: family, family, billions: 1, score: 40, sizeMiB: 500 }, 4),
  );
  const input = planInput({
    candidates: [...slow, ...starterCandidates()],
    answerTokens: 16,
    promptTokens: 16,
  });
  expect(idsOf(planCapacity({ ...input, goal: 'speed' }))).toEqual(['alder', 'birch', 'cedar']);
  expect(idsOf(planCapacity({ ...input, goal: 'quality' }))).toEqual(['A', 'B']);
});

test('a device too small for anything is refused in plain words', () => {
  const plan = planCapacity(planInput({ memory: memory(0.5) }));
  expect(plan).toMatchObject({ valid: false, members: [], concurrency: 0, context: 0, thresholds: [] });
  expect(plan.refusal).toMatch(/^The members take up to \d+ MiB; 0 MiB may be taken of 512 MiB/);
  expect(checkOf(plan, 'memory')?.pass).toBe(false);
  expect(planCapacity(planInput({ candidates: [] })).refusal).toMatch(/^No model can run here/);
});

test('a browser that tells nothing gets a plan for a small device, and it says so', () => {
  const plan = planCapacity(planInput({ memory: memory(null) }));
  expect(plan.budget).toMatchObject({ source: 'assumed', totalBytes: 2 * GIB });
  expect(checkOf(plan, 'memory')?.detail).toContain('this browser tells nothing');
  expect(
    planCapacity(planInput({ memory: { bytes: 8 * GIB, floor: true, typed: false } })).budget.source,
  ).toBe('floor');
  expect(planCapacity(planInput({ memory: memory(8, true) })).budget.source).toBe('typed');
});

test('speeds that nobody knows are planned with only where nothing else is, and the plan says so', () => {
  const unknown = SKETCHES.map((sketch) => planCandidate(sketch, null));
  const none = planCapacity(planInput({ tier: 'low', goal: 'quality', candidates: unknown }));
  expect(none).toMatchObject({
    valid: true,
    expected: { answerMs: null, firstTokenMs: null, tokensPerSecond: null },
  });
  expect(checkOf(none, 'pace')).toMatchObject({ pass: true, figure: null });
  expect(checkOf(none, 'pace')?.detail).toContain('Not known');
  // The tier bounds what is tried unmeasured.
  expect(
    none.members.every(({ id }) => (SKETCHES.find((each) => each.id === id)?.billions ?? 9) <= 1.5),
  ).toBe(true);
  const bundled = planCapacity(
    planInput({ goal: 'quality', candidates: [...unknown, ...starterCandidates()] }),
  );
  expect(idsOf(bundled)).toEqual(['alder', 'birch', 'cedar']);
  expect(bundled.leftOut[0]?.because).toMatch(/^Its speed here is not known/);
});

const measured = (p50: number, tokens = 50): MeasuredAnswers => ({
  questions: 120,
  ci95: [0.5, 0.7],
  answerMs: { p50, p95: 2 * p50 },
  tokens,
});

test('answers that were measured here order models of unknown speed, and the plan shows them', () => {
  const candidates = SKETCHES.filter(({ id }) => ['lfm2-700m', 'qwen3.5-0.8b'].includes(id)).map(
    (sketch) => ({
      ...planCandidate({ ...sketch, score: 40, sizeMiB: 500 }, null),
      measured: measured(sketch.id === 'lfm2-700m' ? 60_000 : 50),
    }),
  );
  const plan = planCapacity(planInput({ goal: 'speed', candidates }));
  expect(plan.members[0]).toMatchObject({
    id: 'qwen3.5-0.8b',
    tokensPerSecond: null,
    measured: measured(50),
  });
  const turned = candidates.map((each) => ({
    ...each,
    measured: measured(each.prediction.id === 'lfm2-700m' ? 50 : 60_000),
  }));
  expect(planCapacity(planInput({ goal: 'speed', candidates: turned })).members[0]?.id).toBe('lfm2-700m');
});

test('a predicted speed counts before answers that were measured with others answering too', () => {
  const plain = planCapacity(planInput());
  const candidates = planInput().candidates.map((each) => ({ ...each, measured: measured(1e6) }));
  expect(idsOf(planCapacity(planInput({ candidates })))).toEqual(idsOf(plain));
});

test('what was measured on held-out questions decides among those that were measured', () => {
  const measured = cpuCandidates(12).map((each) => {
    const accuracy = { 'qwen3.5-2b': 0.3, 'lfm2-1.2b': 0.6, 'lfm2-700m': 0.55 }[each.prediction.id] ?? null;
    return { ...each, accuracy };
  });
  const before = planCapacity(planInput({ goal: 'quality' }));
  const after = planCapacity(planInput({ goal: 'quality', candidates: measured }));
  expect(idsOf(before)).toContain('qwen3.5-2b');
  expect(idsOf(after)).not.toContain('qwen3.5-2b');
});

test('members that stand far apart do not sit together', () => {
  const [a, b] = [
    planCandidate({ id: 'a', family: 'A', billions: 1, score: 50, sizeMiB: 500 }, 30),
    planCandidate({ id: 'b', family: 'B', billions: 1, score: 39, sizeMiB: 500 }, 30),
  ];
  const plan = planCapacity(planInput({ goal: 'quality', candidates: [a, b] }));
  expect(idsOf(plan)).toEqual(['a']);
  expect(checkOf(plan, 'seats')?.detail).toContain('nobody to differ with');
});

test('earlier runs correct the plan: half as fast takes twice as long', () => {
  const input = planInput({ candidates: cpuCandidates(40).slice(0, 1), goal: 'quality' });
  const plan = planCapacity(input);
  const half = planCapacity({ ...input, correction: 0.5 });
  expect((half.expected.answerMs?.median ?? 0) / half.quality.samples).toBeCloseTo(
    (2 * (plan.expected.answerMs?.median ?? 0)) / plan.quality.samples,
    6,
  );
  expect(half.correction).toBe(0.5);
  expect(checkOf(half, 'pace')?.detail).toContain('Earlier runs were 0.50 times as fast as predicted');
});

test('on a card that nobody told the size of, members count against the memory of the device as well', () => {
  const graphics = { cards: 1, bytes: null };
  const candidates = [...cardCandidates(100), ...starterCandidates()];
  const shared = planCapacity(planInput({ goal: 'quality', graphics, candidates }));
  expect(shared).toMatchObject({ valid: true, formula: 'gpu', graphicsBudget: null });
  expect(shared.members.every(({ backend }) => backend === 'webgpu')).toBe(true);
  const told = planCapacity(
    planInput({ goal: 'quality', graphics: { cards: 1, bytes: 16 * GIB }, candidates }),
  );
  expect(told.graphicsBudget?.lines.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(16 * GIB);
  expect(told.budget.lines.some(({ name }) => name === 'weights')).toBe(false);
  expect(idsOf(told)[0]).toBe('qwen3.5-4b-MLC');
});

test('two cards and servers work beside one another', () => {
  const pair = [
    ['A', 'webgpu', 'web-llm'],
    ['B', 'webgpu', 'web-llm'],
  ].map(([family = '']) =>
    planCandidate({ id: family, family, billions: 1, score: 40, sizeMiB: 500 }, 20, {
      engine: 'web-llm',
      backend: 'webgpu',
    }),
  );
  const input = planInput({ goal: 'speed', candidates: pair });
  const one = planCapacity({ ...input, graphics: { cards: 1, bytes: null } });
  const two = planCapacity({ ...input, graphics: { cards: 2, bytes: null } });
  expect([one.formula, two.formula, two.concurrency]).toEqual(['gpu', 'several-gpus', 2]);
  expect(one.expected.answerMs?.median).toBeCloseTo(2 * (two.expected.answerMs?.median ?? 0), 6);
  expect(two.expected.tokensPerSecond?.median).toBeCloseTo(
    2 * (one.expected.tokensPerSecond?.median ?? 0),
    6,
  );
  const servers = pair.map((each) => ({
    ...each,
    prediction: {
      ...each.prediction,
      engine: 'remote',
      backend: 'remote',
      memory: null,
      memoryParts: null,
    } as const,
  }));
  const remote = planCapacity({ ...input, candidates: servers, remoteServers: 2 });
  expect(remote).toMatchObject({ valid: true, formula: 'remote', concurrency: 2 });
  expect(remote.expected.answerMs?.median).toBeCloseTo(two.expected.answerMs?.median ?? 0, 6);
  expect(planCapacity({ ...input, candidates: servers }).leftOut[0]?.because).toContain('there is none');
});

test('nothing is fetched that has no room, and what is here needs none', () => {
  const input = planInput({ goal: 'quality', storageBytes: 0.7 * GIB });
  const plan = planCapacity(input);
  expect(plan.valid).toBe(true);
  expect(plan.members.reduce((sum, { downloadBytes }) => sum + (downloadBytes ?? 0), 0)).toBeLessThan(
    0.63 * GIB + 1,
  );
  const installed = input.candidates.map((each) => ({
    ...each,
    prediction: { ...each.prediction, installed: true },
  }));
  expect(idsOf(planCapacity({ ...input, candidates: installed }))).toEqual(['qwen3.5-2b', 'lfm2-1.2b']);
});

test('a verdict that rests on the device counts, but not for a device that was typed', () => {
  const candidates = [
    planCandidate({ id: 'a', family: 'A', billions: 1, score: 40, sizeMiB: 500 }, 30, {
      fits: 'will-not-fit',
      fitReason: 'This browser cannot load so large a file.',
    }),
  ];
  const plan = planCapacity(planInput({ candidates }));
  expect(plan).toMatchObject({
    valid: false,
    leftOut: [{ because: 'This browser cannot load so large a file.' }],
  });
  expect(planCapacity(planInput({ candidates, memory: memory(8, true) })).valid).toBe(true);
});

test('of the half million councils of sixty models a few thousand are tried', () => {
  const sixty = Array.from({ length: 60 }, (_, index) =>
    planCandidate(
      {
        id: `m${index}`,
        family: `F${index % 12}`,
        billions: 1 + index / 60,
        score: 40 + (index % 10),
        sizeMiB: 600 + index,
      },
      30 + index,
    ),
  );
  for (const goal of GOALS) {
    const input = planInput({ goal, tier: 'high', memory: memory(64), candidates: sixty });
    const room = roomOf(input);
    const terms: Terms = {
      goal,
      limits: GOAL_LIMITS[goal],
      room,
      lanes: { cpu: 1, card: 1, remote: 1 },
      mostSeats: 4,
      leastContext: 256,
      severalFamilies: true,
      whole: false,
    };
    const { choice, tried } = refine(admitted(input, room).known, terms, 0);
    expect(tried).toBeGreaterThan(1800);
    expect(tried).toBeLessThan(15_000);
    expect(choice?.members.map(({ id }) => id)).toEqual(idsOf(planCapacity(input)));
  }
});
