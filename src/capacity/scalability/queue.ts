/**
 * Probability that a question has to wait: Erlang C, C(c, a) = B / (1 − ρ(1 − B)), with Erlang's B by its recursion
 * B(0) = 1, B(k) = a·B(k−1) / (k + a·B(k−1)), which never overflows (Cooper, Introduction to Queueing Theory, ch. 3).
 * @param servers c, at least 1
 * @param load a = arrivals × time of service, in erlangs; from c on everyone waits
 */
export function erlangC(servers: number, load: number): number {
  if (load >= servers) return 1;
  let blocked = 1;
  for (let k = 1; k <= servers; k += 1) blocked = (load * blocked) / (k + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

/** Squared coefficients of variation. */
export interface Variation {
  readonly arrivals: number;
  readonly service: number;
}

/** Questions come at random; an answer of a given length takes the same time each time. */
const QUESTIONS: Variation = { arrivals: 1, service: 0 };

/**
 * Mean wait before service begins, ms: Allen–Cunneen, W = C(c, a) · S / (c − a) · (c_a² + c_s²) / 2 (Allen, Probability,
 * Statistics, and Queueing Theory, 1990, §5.3). Exact for M/M/c, and for M/D/1 (Pollaczek–Khinchine).
 * With several servers somewhat low: beside played queues 1 % of 2 used to 80 %, 3 % of 4 to 90 %, 15 % of 5 to 50 %, whose
 * wait is short.
 * @param perMs arrivals per ms
 * @returns null where more comes than can be served: the queue grows without end
 */
export function waitMs(
  servers: number,
  perMs: number,
  serviceMs: number,
  variation: Variation = QUESTIONS,
): number | null {
  const load = perMs * serviceMs;
  if (!(load < servers)) return null;
  const mean = (erlangC(servers, load) * serviceMs) / (servers - load);
  return (mean * (variation.arrivals + variation.service)) / 2;
}
