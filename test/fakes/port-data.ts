import type { BenchResult, BenchTest } from '#contracts/bench';
import type { MemberView } from '#contracts/council';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { ProbeReport } from '#contracts/hardware';
import type { StarterCouncil } from '#contracts/starter';

/** Plausible values for pages and tests. Figures are made up: nothing here was measured. */
const NAMES: Readonly<Record<string, string>> = { alder: 'Alder', birch: 'Birch', cedar: 'Cedar' };
const PARAMETERS: Readonly<Record<string, number>> = { alder: 790_000, birch: 1_080_000, cedar: 1_620_000 };

export function memberView(id: string, change: Partial<MemberView> = {}): MemberView {
  return {
    id,
    name: NAMES[id] ?? id,
    engine: 'wllama',
    backend: 'cpu',
    state: 'absent',
    parameters: PARAMETERS[id] ?? 1_000_000,
    sizeBytes: (PARAMETERS[id] ?? 1_000_000) * 1.1,
    threads: null,
    loadMs: null,
    testAccuracy: 0.97,
    restarts: 0,
    problem: null,
    ...change,
  };
}

export function member(id: string, change: Partial<MemberOutcome> = {}): MemberOutcome {
  return {
    id,
    name: NAMES[id] ?? id,
    engine: 'wllama',
    backend: 'cpu',
    status: 'answered',
    answer: '85',
    key: '85',
    tokens: 3,
    ttftMs: 118.4,
    tokensPerSecond: 61.3,
    durationMs: 402,
    ...change,
  };
}

export function deliberation(change: Partial<Deliberation> = {}): Deliberation {
  return {
    schema: 'witan.deliberation',
    version: 1,
    id: 'record-1',
    askedAt: 1_700_000_000_000,
    prompt: 'What is 38 + 47?',
    answerKind: 'number',
    rule: 'plurality',
    outcome: 'decided',
    answer: '85',
    key: '85',
    agreement: 1,
    decidedEarly: true,
    decidedMs: 412,
    callsSaved: 0,
    members: [member('alder'), member('birch'), member('cedar')],
    dissent: [],
    missing: [],
    lateWouldFlip: false,
    wallMs: 520,
    frames: { count: 31, p50: 16.7, p95: 16.9, p99: 18.2, longest: 18.2 },
    seed: 1,
    ...change,
  };
}

export function starterCouncil(): StarterCouncil {
  return {
    schema: 'witan.starter-council',
    version: 1,
    generated: '2026-11-21',
    abstain: 'I cannot answer that. I know only small exact tasks.',
    members: ['alder', 'birch', 'cedar'].map((id, index) => ({
      id,
      name: NAMES[id] ?? id,
      file: `${id}.gguf`,
      sizeBytes: Math.round((PARAMETERS[id] ?? 0) * 1.1),
      sha256: String(index).repeat(64),
      parameters: PARAMETERS[id] ?? 0,
      layers: 4,
      embedding: 128,
      heads: 4,
      kvHeads: 4,
      feedForward: 320,
      vocabulary: 128,
      context: 256,
      quantization: 'Q8_0',
      seed: 101 * (index + 1),
      underweighted: [],
      accuracy: { dev: 0.97, test: 0.96, byFamily: {} },
    })),
  };
}

export function probeReport(): ProbeReport {
  return {
    schema: 'witan.probe',
    version: 1,
    tier: 'mid',
    confidence: 0.82,
    measured: null,
    override: null,
    reasons: [
      {
        input: 'gpu',
        value: 'buffers up to 4 GiB',
        score: 1,
        weight: 0.5,
        explanation: 'A hardware adapter whose largest buffer holds models up to 4 GiB.',
      },
      {
        input: 'cores',
        value: '8 cores',
        score: 0.5,
        weight: 0.3,
        explanation: 'Enough for three members at once.',
      },
      {
        input: 'memory',
        value: 'not told',
        score: null,
        weight: 0.2,
        explanation: 'This browser does not tell, so it does not count.',
      },
    ],
    profile: {
      schema: 'witan.hardware-profile',
      version: 1,
      webgpu: 'available',
      adapters: [
        {
          powerPreference: 'high-performance',
          vendor: 'nvidia',
          architecture: 'ampere',
          device: '',
          description: 'NVIDIA GeForce RTX 3060',
          fallback: false,
          features: ['shader-f16', 'timestamp-query', 'bgra8unorm-storage', 'subgroups'],
          limits: {
            maxBufferSize: 4_294_967_296,
            maxStorageBufferBindingSize: 2_147_483_644,
            maxComputeWorkgroupStorageSize: 49_152,
            maxComputeInvocationsPerWorkgroup: 1024,
            maxComputeWorkgroupsPerDimension: 65_535,
            maxStorageBuffersPerShaderStage: 16,
            maxTextureDimension2D: 16_384,
            maxBindGroups: 4,
            maxUniformBufferBindingSize: 65_536,
          },
        },
      ],
      cores: 8,
      deviceMemoryGiB: null,
      cpuPerformance: null,
      storage: {
        quotaBytes: 11_811_160_064,
        usageBytes: 15_204_352,
        persisted: false,
        opfs: true,
        indexedDb: true,
      },
      isolated: true,
      clockStepUs: 5,
      refreshIntervalMs: 16.67,
      features: { wasmSimd: true, jspi: true, sharedArrayBuffer: true, serviceWorker: true },
      micro: {},
      userAgent:
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      platform: 'Linux',
    },
  };
}

function benchTest(memberId: string, test: BenchTest['test'], samples: readonly number[]): BenchTest {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = ((sorted[2] ?? 0) + (sorted[3] ?? 0)) / 2;
  return {
    member: memberId,
    test,
    unit: test === 'ttft' ? 'ms' : 'tokens/s',
    samples: [...samples],
    median: middle,
    ci: [sorted[0] ?? 0, sorted.at(-1) ?? 0],
    coverage: 0.969,
  };
}

/** @param speed factor on all figures: 2 is twice as fast */
export function benchResult(speed = 1, stable = true): BenchResult {
  const base = [1, 1.02, 0.99, 1.01, 1.03, 0.985];
  const members = [
    { id: 'alder', pp: 1240, tg: 74.2, ttft: 104 },
    { id: 'birch', pp: 1015, tg: 61.8, ttft: 126 },
    { id: 'cedar', pp: 742, tg: 48.3, ttft: 173 },
  ];
  return {
    schema: 'witan.bench',
    version: 1,
    suite: 'quick-1',
    environment: {
      app: '0.1.0',
      day: 20_778,
      browser: 'Chromium 140',
      os: 'Linux',
      cores: 8,
      deviceMemoryGiB: 8,
      gpu: 'nvidia ampere',
      tier: 'mid',
      isolated: true,
      clockStepUs: 5,
      refreshIntervalMs: 16.67,
      council: '3f9a01c2',
      threads: 2,
    },
    conditions: {
      visibleShare: 1,
      warmupRuns: 31,
      repetitions: 6,
      driftPercent: stable ? 0.3 : 4.8,
      spread: stable ? 0.05 : 0.31,
      stable,
    },
    tests: [
      ...members.map(({ id, pp }) =>
        benchTest(
          id,
          'pp128',
          base.map((f) => pp * f * speed),
        ),
      ),
      ...members.map(({ id, tg }) =>
        benchTest(
          id,
          'tg64',
          base.map((f) => tg * f * speed),
        ),
      ),
      ...members.map(({ id, ttft }) =>
        benchTest(
          id,
          'ttft',
          base.map((f) => (ttft * f) / speed),
        ),
      ),
    ],
  };
}
