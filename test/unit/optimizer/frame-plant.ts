import { seededRandom } from '#kernel/random';
import type { Decision } from '#contracts/decision';
import type { QualityScaler } from '../../../src/optimizer/quality-scaler.ts';

/** A page under load: at each level a share of the frames misses a refresh, and time stamps jitter. */
export interface FramePlant {
  readonly seed: number;
  readonly budgetMs: number;
  /** Share of the frames that last two refreshes, 0..1, by level. */
  readonly missedShare: (level: number, frame: number) => number;
  /** Frames until a change of level is felt: a message to the workers and the token under way. */
  readonly delayFrames?: number;
}

export interface PlantFrame {
  readonly intervalMs: number;
  readonly atMs: number;
  readonly level: number;
  readonly decision: Decision | null;
}

/** Closes the loop between a scaler and a plant for so many frames. */
export function runPlant(scaler: QualityScaler, plant: FramePlant, frames: number, fromMs = 0): PlantFrame[] {
  const random = seededRandom(plant.seed);
  const felt = new Array<number>(plant.delayFrames ?? 3).fill(scaler.level);
  let atMs = fromMs;
  return Array.from({ length: frames }, (_, frame) => {
    felt.push(scaler.level);
    const missed = random() < plant.missedShare(felt.shift() ?? 0, frame);
    const intervalMs = plant.budgetMs * (missed ? 2 : 1) + (random() - 0.5) * 0.04 * plant.budgetMs;
    atMs += intervalMs;
    const decision = scaler.onFrame(intervalMs, plant.budgetMs, atMs);
    return { intervalMs, atMs, level: scaler.level, decision };
  });
}

export function decisionsOf(frames: readonly PlantFrame[]): Decision[] {
  return frames.flatMap(({ decision }) => (decision === null ? [] : [decision]));
}
