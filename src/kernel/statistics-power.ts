import { assert } from './assert.ts';

/** Standard normal quantiles of 0.975 (two-sided 5 %) and of 0.8 (seen in 4 of 5 runs). */
const Z_SIGNIFICANCE = 1.959963984540054;
const Z_POWER = 0.8416212335729143;

/**
 * Pairs that McNemar's test needs to see a difference at 5 % in 80 % of runs (Connor 1987):
 * n = (z₀.₉₇₅·√d + z₀.₈·√(d − δ²))² / δ².
 * @param discordant share of pairs in which only one side is right, 0..1; at least `difference`
 * @param difference of the two shares, 0..1, not 0
 */
export function pairsNeeded(discordant: number, difference: number): number {
  assert(
    difference > 0 && discordant >= difference && discordant <= 1,
    'a difference within what is discordant',
  );
  const root = Z_SIGNIFICANCE * Math.sqrt(discordant) + Z_POWER * Math.sqrt(discordant - difference ** 2);
  return Math.ceil(root ** 2 / difference ** 2);
}
