import type { GenerateRequest, GgufSource } from '#contracts/engine';
import { askStack, startStack, type Placement, type Started } from './stack.ts';

/** When the first, the second … answer was complete, ms after the question. */
export interface Arrivals {
  readonly together: readonly number[];
  readonly inTurn: readonly number[];
}

/**
 * Members of a model each, all with the same threads, asked at the same time and one after the other.
 * @param rounds each asks both ways, in changing order
 */
export async function turnTaking(
  model: GgufSource,
  placement: Placement,
  members: number,
  rounds: number,
  requestOf: (seed: number) => GenerateRequest,
): Promise<readonly Arrivals[]> {
  const started: Started[] = [];
  for (let member = 0; member < members; member += 1) started.push(await startStack(model, placement));
  const together = async (seed: number): Promise<readonly number[]> => {
    const startMs = performance.now();
    const arrivals = await Promise.all(
      started.map(async ({ engine }, index) => {
        await askStack(engine, requestOf(seed + index));
        return performance.now() - startMs;
      }),
    );
    return arrivals.sort((a, b) => a - b);
  };
  const inTurn = async (seed: number): Promise<readonly number[]> => {
    const startMs = performance.now();
    const arrivals: number[] = [];
    for (const [index, { engine }] of started.entries()) {
      await askStack(engine, requestOf(seed + index));
      arrivals.push(performance.now() - startMs);
    }
    return arrivals;
  };
  await together(0);
  const done: Arrivals[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    if (round % 2 === 0) done.push({ together: await together(round), inTurn: await inTurn(round) });
    else {
      const first = await inTurn(round);
      done.push({ inTurn: first, together: await together(round) });
    }
  }
  for (const { engine } of started) await engine.unload();
  return done;
}
