import { cpus } from 'node:os';
import { systemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { ok } from '../../src/kernel/result.ts';
import { median, quantile } from '../../src/kernel/statistics-order.ts';
import { FULL_SPEED, NOTHING_SAID, type Engine } from '../../src/contracts/engine.ts';
import { Orchestrator } from '../../src/council/orchestrator/orchestrator.ts';
import { LeaseLedger } from '../../src/resources/lease-ledger.ts';

/**
 * What the orchestrator itself costs: members that answer at once, a queue that is kept at its depth, and the same members
 * asked directly for comparison. Prints one JSON document; ends with 1 when a bar is missed.
 *
 *     npx tsx tools/measure/orchestrator-overhead.ts [REQUESTS] [REPEATS]
 *
 * plain: one replica a member, nothing scarce. everything: two replicas each with affinity to the prompt's beginning, turns
 * on the graphics card, rates, deadlines, and listeners for places and tokens.
 */
const [requestsText = '20000', repeatsText = '5'] = process.argv.slice(2);
const REQUESTS = Number(requestsText);
const REPEATS = Number(repeatsText);
const MEMBERS = 16;
const DEPTH = 100;
const BARS = { overheadMs: 1, requestsPerSecond: 1_000, errorRate: 0.001 };
const SYSTEM =
  'You are one of several who answer. Answer in one word, and say "I pass." when you do not know. '.repeat(2);
const NEVER = new AbortController().signal;

type Arm = 'plain' | 'everything';

function instantEngine(): Engine {
  const answer = ok({
    ...NOTHING_SAID,
    text: 'yes',
    finish: 'stop',
    completionTokens: 1,
    durationMs: 1,
  } as const);
  return {
    kind: 'wllama',
    load: () => Promise.reject(new Error('not asked')),
    generate: (_signal, _request, onChunk) => {
      onChunk({ text: 'yes', tokens: 1, elapsedMs: 0 });
      return Promise.resolve(answer);
    },
    setPacing: () => FULL_SPEED,
    unload: () => Promise.resolve(),
  };
}

function request(index: number) {
  return { prompt: `question ${String(index)}`, system: SYSTEM, maxTokens: 8, temperature: 0, seed: 1 };
}

function council(arm: Arm): Orchestrator {
  const everything = arm === 'everything';
  const leases = new LeaseLedger(systemClock, {
    memoryBytes: { card: 1e9, processor: 1e9 },
    cards: 64,
    threads: 64,
  });
  const orchestrator = new Orchestrator(
    { clock: systemClock, random: seededRandom(1), ...(everything ? { leases } : {}) },
    { queueLimit: 1_000, ...(everything ? { limits: { tokens: { perSecond: 1e9, burst: 1e9 } } } : {}) },
  );
  for (let member = 0; member < MEMBERS; member += 1) {
    const replicas = (everything ? ['a', 'b'] : ['a']).map((id) => ({
      id,
      engine: instantEngine(),
      slots: 1,
      ...(everything ? { compute: { of: 'card', units: 1 } as const } : {}),
    }));
    orchestrator.add({ id: String(member), members: [], replicas });
  }
  return orchestrator;
}

/** Keeps so many requests waiting until all have been answered. */
async function measure(arm: Arm, count: number) {
  const orchestrator = council(arm);
  const slots = MEMBERS * (arm === 'everything' ? 2 : 1);
  const sojournsMs: number[] = [];
  let sent = 0;
  let errors = 0;
  let depthSum = 0;
  let depthSamples = 0;
  const listeners = arm === 'everything' ? { onPlace: () => undefined, onChunk: () => undefined } : {};
  const worker = async (): Promise<void> => {
    while (sent < count) {
      const index = sent;
      sent += 1;
      if (index % 97 === 0) {
        depthSum += orchestrator.status().reduce((sum, { waiting }) => sum + waiting, 0);
        depthSamples += 1;
      }
      const askedMs = performance.now();
      const asked = {
        target: String(index % MEMBERS),
        generate: request(index),
        ...(arm === 'everything' ? { deadlineMs: 60_000 } : {}),
      };
      const answered = await orchestrator.submit(NEVER, asked, listeners);
      sojournsMs.push(performance.now() - askedMs);
      if (!answered.ok) errors += 1;
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: DEPTH + slots }, worker));
  const wallMs = performance.now() - startedMs;
  const schedulerMs = orchestrator.overheadMs;
  orchestrator.close();
  return {
    wallMs,
    requestsPerSecond: (count * 1000) / wallMs,
    wallPerRequestMs: wallMs / count,
    schedulerMs,
    sojournMs: {
      p50: quantile(sojournsMs, 0.5),
      p95: quantile(sojournsMs, 0.95),
      p99: quantile(sojournsMs, 0.99),
    },
    meanDepth: depthSum / depthSamples,
    errorRate: errors / count,
  };
}

/** The same members asked without it. */
async function direct(count: number): Promise<number> {
  const engines = Array.from({ length: MEMBERS }, instantEngine);
  let sent = 0;
  const startedMs = performance.now();
  const worker = async (engine: Engine): Promise<void> => {
    while (sent < count) {
      sent += 1;
      await engine.generate(NEVER, request(sent), () => undefined);
    }
  };
  await Promise.all(engines.map(worker));
  return (performance.now() - startedMs) / count;
}

async function repeated(arm: Arm) {
  await measure(arm, Math.min(REQUESTS, 5_000)); // compiled by then
  const runs: Awaited<ReturnType<typeof measure>>[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) runs.push(await measure(arm, REQUESTS));
  const of = (pick: (run: (typeof runs)[number]) => number): number => median(runs.map(pick));
  return {
    requestsPerSecond: of((run) => run.requestsPerSecond),
    overheadPerRequestMs: {
      p50: of(({ schedulerMs }) => schedulerMs.p50),
      p95: of(({ schedulerMs }) => schedulerMs.p95),
      p99: of(({ schedulerMs }) => schedulerMs.p99),
    },
    wallPerRequestMs: of((run) => run.wallPerRequestMs),
    sojournMs: {
      p50: of(({ sojournMs }) => sojournMs.p50),
      p95: of(({ sojournMs }) => sojournMs.p95),
      p99: of(({ sojournMs }) => sojournMs.p99),
    },
    meanDepth: of((run) => run.meanDepth),
    errorRate: Math.max(...runs.map(({ errorRate }) => errorRate)),
    throughputSpread: {
      lowest: Math.min(...runs.map(({ requestsPerSecond }) => requestsPerSecond)),
      highest: Math.max(...runs.map(({ requestsPerSecond }) => requestsPerSecond)),
    },
  };
}

const directPerRequestMs = await direct(REQUESTS);
const arms = { plain: await repeated('plain'), everything: await repeated('everything') };
const pass = Object.values(arms).every(
  (arm) =>
    // The wall time of a request is more than its scheduling: what meets the bar with it meets it without.
    Math.max(arm.wallPerRequestMs, arm.overheadPerRequestMs.p99) <= BARS.overheadMs &&
    arm.requestsPerSecond >= BARS.requestsPerSecond &&
    arm.errorRate < BARS.errorRate,
);
const report = {
  schema: 'witan.measure.orchestrator-overhead',
  version: 1,
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  members: MEMBERS,
  depth: DEPTH,
  requests: REQUESTS,
  repeats: REPEATS,
  directPerRequestMs,
  arms,
  bars: BARS,
  pass,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
if (!pass) process.exitCode = 1;
