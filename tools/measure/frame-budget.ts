import type { FrameSummary } from '../../src/contracts/deliberation.ts';
import { medianRatioInterval } from '../../src/kernel/statistics-bootstrap.ts';
import { median } from '../../src/kernel/statistics-order.ts';
import { Session } from '../witan/session.ts';

/**
 * Measures what the quality scaler is worth: with a page whose main thread burns 8 ms in every frame, rounds of the
 * council with the scaler on and off, interleaved (on, off, off, on …) in one session. Prints one JSON document.
 *
 *     npx tsx tools/measure/frame-budget.ts [PAIRS]
 */
const BURN_MS = 8;
const ROUNDS_PER_ARM = 12;
/** The longest answers the starter council gives: the scaler needs time to act. */
const PROMPT = 'What can you do?';

const OPTIONS = {
  json: true,
  gpu: 'none',
  chrome: undefined,
  profile: undefined,
  url: undefined,
  timeoutMs: 600_000,
  seed: 1,
} as const;

interface Arm {
  readonly scaler: boolean;
  readonly frames: FrameSummary;
  readonly tokensPerSecond: number;
}

async function measureArm(session: Session, scaler: boolean): Promise<Arm> {
  const argument = { scaler, rounds: ROUNDS_PER_ARM, prompt: PROMPT, burnMs: BURN_MS };
  return session.run(argument, async ({ ports, signal }, { scaler, rounds, prompt, burnMs }) => {
    ports.monitor.setQualityEnabled(scaler);
    ports.test.burnPerFrame(burnMs);
    const { mark } = ports.monitor.frames();
    let tokens = 0;
    const startMs = performance.now();
    for (let round = 0; round < rounds; round += 1) {
      const asked = await ports.council.ask(signal, prompt, { graceMs: 60_000, fresh: true });
      if (!asked.ok) throw new Error(asked.error.code);
      tokens += asked.value.members.reduce((sum, member) => sum + member.tokens, 0);
    }
    const seconds = (performance.now() - startMs) / 1000;
    const { summary } = ports.monitor.frames(mark);
    ports.test.burnPerFrame(0);
    return { scaler, frames: summary, tokensPerSecond: tokens / seconds };
  });
}

/** Both arms' medians, their ratio (with / without) and its 95 % bootstrap interval. */
function compareArms(arms: readonly Arm[], figure: (arm: Arm) => number): Record<string, unknown> {
  const of = (scaler: boolean): number[] => arms.filter((arm) => arm.scaler === scaler).map(figure);
  const [withScaler, without] = [of(true), of(false)];
  return {
    with: withScaler,
    without,
    medianWith: median(withScaler),
    medianWithout: median(without),
    ratio: median(withScaler) / median(without),
    ratioCi95: medianRatioInterval(withScaler, without, { seed: 1 }),
  };
}

async function main(): Promise<void> {
  const pairs = Number(process.argv[2] ?? 8);
  const session = await Session.open(OPTIONS, (line) => {
    process.stderr.write(`${line}\n`);
  });
  try {
    await session.run(null, async ({ ports, signal }) => {
      await ports.council.prepare(signal);
      await ports.council.ask(signal, 'What can you do?', { fresh: true });
    });
    const arms: Arm[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const scaler of pair % 2 === 0 ? [true, false] : [false, true]) {
        arms.push(await measureArm(session, scaler));
      }
    }
    const report = {
      schema: 'witan.measure.frame-budget',
      version: 1,
      burnMs: BURN_MS,
      pairs,
      frameP95: compareArms(arms, (arm) => arm.frames.p95),
      frameP50: compareArms(arms, (arm) => arm.frames.p50),
      tokensPerSecond: compareArms(arms, (arm) => arm.tokensPerSecond),
      arms,
    };
    process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  } finally {
    await session.close();
  }
}

await main();
