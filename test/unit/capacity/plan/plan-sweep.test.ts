import { expect, test } from 'vitest';
import { seededRandom } from '#kernel/random';
import type { Tier } from '#contracts/hardware';
import { GOALS, type CapacityPlan, type Goal, type PlanCandidate, type PlanInput } from '#contracts/plan';
import { planCapacity } from '../../../../src/capacity/plan/plan-capacity.ts';
import { heldBytes } from '../../../fakes/council-judge.ts';
import { cardCandidates, cpuCandidates, planInput, starterCandidates } from '../../../fakes/plan-inputs.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What a device really has. What it tells is in the input; the plan sees nothing of this. */
interface Truth {
  readonly memoryBytes: number;
  /** Null: none, or one that shares the device's memory. */
  readonly ownCardBytes: number | null;
  readonly storageBytes: number;
  /** Told ÷ true; null where nothing is told. */
  readonly said: number | null;
}

interface Device {
  readonly truth: Truth;
  readonly input: PlanInput;
}

const PICK = <T>(list: readonly [T, ...T[]], at: number): T => list[Math.floor(at * list.length)] ?? list[0];

/** What browsers say of their memory: the nearest power of two by ratio, from a quarter to eight GiB. */
function hintOf(memoryBytes: number): { readonly bytes: number; readonly floor: boolean } {
  const bytes = 2 ** Math.round(Math.log2(memoryBytes / GIB)) * GIB;
  return { bytes: Math.min(8 * GIB, Math.max(GIB / 4, bytes)), floor: bytes >= 8 * GIB };
}

/** @param lie what the hint is multiplied with; 1 for honest browsers */
function deviceOf(random: () => number, goal: Goal, lie: number): Device {
  const memoryBytes = 2 ** (random() * 8 - 1) * GIB; // 0.5 to 128 GiB
  // No device that runs these engines and tells nothing has less.
  const silent = memoryBytes >= 2 * GIB && random() < 0.25 && lie === 1;
  const hint = hintOf(memoryBytes);
  const told = silent ? null : hint.bytes * lie;
  const tier: Tier = memoryBytes < 6 * GIB ? 'low' : memoryBytes < 24 * GIB ? 'mid' : 'high';
  const card = PICK(['none', 'shared', 'own'] as const, random());
  const ownCardBytes = card === 'own' ? { low: 2, mid: 4, high: 8 }[tier] * GIB * (1 + 2 * random()) : null;
  const storageBytes = 2 ** (random() * 10 - 2) * GIB;
  const gigabytesPerSecond = 2 ** (1 + 5 * random());
  const candidates: readonly PlanCandidate[] = [
    ...cpuCandidates(gigabytesPerSecond),
    ...(card === 'none' ? [] : cardCandidates(gigabytesPerSecond * (1 + 9 * random()))),
    ...starterCandidates(random() < 0.5 ? 200 : null),
  ];
  return {
    truth: { memoryBytes, ownCardBytes, storageBytes, said: told === null ? null : told / memoryBytes },
    input: planInput({
      goal,
      tier,
      threads: PICK([1, 2, 4, 8, 16, 32] as const, random()),
      memory: { bytes: told, floor: hint.floor && !silent, typed: false },
      graphics: card === 'none' ? null : { cards: 1, bytes: null },
      storageBytes: random() < 0.2 ? null : storageBytes,
      candidates,
    }),
  };
}

const candidateOf = (input: PlanInput, id: string): PlanCandidate | undefined =>
  input.candidates.find(({ prediction }) => prediction.id === id);

/** What would really be held, by sizes at their upper ends: in the device's memory with the page, and on a card of its own. */
function held(
  plan: CapacityPlan,
  { input, truth }: Device,
): { readonly main: number; readonly card: number } {
  let main = 320 * MIB;
  let card = 0;
  for (const { id, contextTokens, backend } of plan.members) {
    const candidate = candidateOf(input, id);
    const bytes = candidate === undefined ? NaN : heldBytes(candidate, contextTokens);
    const engine = candidate?.prediction.memoryParts?.engineBytes ?? NaN;
    const apart = backend === 'webgpu' && truth.ownCardBytes !== null;
    main += apart ? engine : bytes;
    card += apart ? bytes - engine : 0;
  }
  return { main, card };
}

function sweep(
  count: number,
  seed: number,
  lie: number,
): readonly (Device & { readonly plan: CapacityPlan })[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const device = deviceOf(random, GOALS[index % GOALS.length] ?? 'quality', lie);
    return { ...device, plan: planCapacity(device.input) };
  });
}

/** Of what there really is, what the system of an honest device must keep at the very least. */
const SYSTEM_NEEDS = 0.25;

test('360 honest devices: nothing that is called valid does not fit, by what the device really has', () => {
  const devices = sweep(360, 11, 1);
  const valid = devices.filter(({ plan }) => plan.valid);
  expect(valid.length).toBeGreaterThan(270);
  for (const device of valid) {
    const { plan, truth, input } = device;
    const { main, card } = held(plan, device);
    expect(main).toBeLessThanOrEqual((1 - SYSTEM_NEEDS) * truth.memoryBytes);
    expect(card).toBeLessThanOrEqual(truth.ownCardBytes ?? 0);
    const fetched = plan.members.reduce((sum, { downloadBytes }) => sum + (downloadBytes ?? NaN), 0);
    if (input.storageBytes !== null) expect(fetched).toBeLessThanOrEqual(truth.storageBytes);
    for (const { id, backend } of plan.members)
      if (backend === 'cpu')
        expect(candidateOf(input, id)?.prediction.memory?.median).toBeLessThanOrEqual(4 * GIB);
  }
});

test('120 devices that say twice what they have: everything still fits, with a tenth of their memory to spare', () => {
  const devices = sweep(240, 12, 2).filter(({ truth }) => (truth.said ?? 0) <= 2);
  expect(devices.length).toBeGreaterThanOrEqual(120);
  for (const device of devices.filter(({ plan }) => plan.valid))
    expect(held(device.plan, device).main).toBeLessThanOrEqual(0.9 * device.truth.memoryBytes + 2);
});

test('devices that say eight times what they have: some plans would not fit, and how far is bounded by the lie', () => {
  const valid = sweep(240, 13, 8).filter(({ plan }) => plan.valid);
  const tooMuch = valid.filter((device) => held(device.plan, device).main > device.truth.memoryBytes);
  expect(tooMuch.length).toBeGreaterThan(0);
  for (const device of valid) {
    const { main } = held(device.plan, device);
    expect(main).toBeLessThanOrEqual(0.45 * (device.truth.said ?? 0) * device.truth.memoryBytes + 2);
  }
});

test('where nothing is told a small device is assumed, and no plan takes more of it than a gibibyte', () => {
  const silent = sweep(400, 14, 1).filter(({ truth }) => truth.said === null);
  expect(silent.length).toBeGreaterThan(50);
  for (const device of silent) {
    expect(device.plan.budget).toMatchObject({ source: 'assumed', totalBytes: 2 * GIB });
    if (device.plan.valid) expect(held(device.plan, device).main).toBeLessThanOrEqual(0.9 * GIB);
  }
});
