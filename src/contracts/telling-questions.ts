/**
 * Questions from which on what was measured of a member stands in the place of what was known of it before: fewer right or
 * wrong answers say less than ±20 points (Wilson, at 70 %).
 */
export const TELLING_QUESTIONS = 20;
