/**
 * The metric board: one Int32 slot per metric, written by the page and read by the sampler every 100 ms. Int32 slots
 * are tear-free under the JavaScript memory model; a scale turns them into units. Names follow OpenTelemetry where a
 * convention exists (gen_ai.*), our own namespace elsewhere.
 */
export type MetricKind = 'counter' | 'gauge' | 'peak';

export interface MetricDefinition {
  readonly name: string;
  /** UCUM unit of the scaled value. */
  readonly unit:
    | 'ms'
    | '{token}'
    | '{frame}'
    | '{request}'
    | '{error}'
    | '{tick}'
    | 'By'
    | 'KiBy'
    | '{level}'
    | '{member}'
    | '1';
  /**
   * counter: only grows (wraps at 2^31; read differences with `| 0`) · gauge: last value · peak: highest value since the
   * sampler last read it, which resets it.
   */
  readonly kind: MetricKind;
  /** unit value = slot / scale. */
  readonly scale: number;
  readonly title: string;
}

function metric(
  name: string,
  unit: MetricDefinition['unit'],
  kind: MetricKind,
  scale: number,
  title: string,
): MetricDefinition {
  return { name, unit, kind, scale, title };
}

/** Order is the slot order: append only (stored history names its columns, so old chunks stay readable). */
export const METRICS = {
  tokens: metric('witan.council.tokens', '{token}', 'counter', 1, 'Tokens decoded'),
  frames: metric('witan.frame.count', '{frame}', 'counter', 1, 'Frames painted'),
  framesOverBudget: metric('witan.frame.over_budget', '{frame}', 'counter', 1, 'Frames over budget'),
  frameInterval: metric('witan.frame.interval', 'ms', 'peak', 1000, 'Longest frame interval'),
  frameBudget: metric('witan.frame.budget', 'ms', 'gauge', 1000, 'Frame budget'),
  timeToFirstToken: metric('gen_ai.server.time_to_first_token', 'ms', 'gauge', 10, 'Time to first token'),
  queueDepth: metric('witan.council.queue_depth', '{request}', 'gauge', 1, 'Questions waiting'),
  membersReady: metric('witan.council.members_ready', '{member}', 'gauge', 1, 'Members ready'),
  membersThinking: metric('witan.council.members_thinking', '{member}', 'gauge', 1, 'Members thinking'),
  rounds: metric('witan.council.rounds', '{request}', 'counter', 1, 'Rounds finished'),
  errors: metric('witan.errors', '{error}', 'counter', 1, 'Errors'),
  qualityLevel: metric('witan.quality.level', '{level}', 'gauge', 1, 'Quality ladder step'),
  memory: metric('witan.memory.accounted', 'KiBy', 'gauge', 1, 'Memory in own accounting'),
  requestsWaiting: metric('witan.scheduler.queue_depth', '{request}', 'gauge', 1, 'Requests waiting'),
  requestWait: metric('witan.scheduler.wait', 'ms', 'peak', 10, 'Longest wait of a request'),
  requestsRefused: metric('witan.scheduler.refused', '{request}', 'counter', 1, 'Requests refused'),
  requestsFailedOver: metric(
    'witan.scheduler.failed_over',
    '{request}',
    'counter',
    1,
    'Requests asked again',
  ),
  requestsStolen: metric(
    'witan.scheduler.stolen',
    '{request}',
    'counter',
    1,
    'Requests taken by idle replicas',
  ),
  modelSwitches: metric('witan.scheduler.model_switches', '{request}', 'counter', 1, 'Models brought in'),
  schedulingP50: metric('witan.scheduler.overhead_p50', 'ms', 'gauge', 1000, 'Scheduling a request, P50'),
  schedulingP95: metric('witan.scheduler.overhead_p95', 'ms', 'gauge', 1000, 'Scheduling a request, P95'),
  schedulingP99: metric('witan.scheduler.overhead_p99', 'ms', 'gauge', 1000, 'Scheduling a request, P99'),
  cacheHits: metric('witan.cache.response.hits', '{request}', 'counter', 1, 'Answers from the cache'),
  cacheMisses: metric('witan.cache.response.misses', '{request}', 'counter', 1, 'Questions not in the cache'),
  cacheEvictions: metric('witan.cache.response.evictions', '{request}', 'counter', 1, 'Answers evicted'),
  cacheExpired: metric('witan.cache.response.expired', '{request}', 'counter', 1, 'Answers expired'),
  cacheSize: metric('witan.cache.response.size', 'KiBy', 'gauge', 1, 'Size of the response cache'),
  prefixTokensReused: metric('witan.cache.prefix.reused', '{token}', 'counter', 1, 'Prompt tokens reused'),
  prefixTokensRead: metric('witan.cache.prefix.read', '{token}', 'counter', 1, 'Prompt tokens read anew'),
  prefixTokensAhead: metric('witan.cache.prefix.ahead', '{token}', 'counter', 1, 'Prompt tokens read ahead'),
} as const satisfies Record<string, MetricDefinition>;

export type MetricId = keyof typeof METRICS;
export const METRIC_IDS = Object.keys(METRICS) as readonly MetricId[];

/** Writes to the board. Every call is allocation-free; the do-nothing default is `NO_METRICS`. */
export interface MetricWriter {
  add(id: MetricId, delta: number): void;
  /** Sets a gauge, or raises a peak. `value` in the metric's unit. */
  set(id: MetricId, value: number): void;
}

export const NO_METRICS: MetricWriter = { add: () => undefined, set: () => undefined };

/** One 100 ms reading: a value per metric in `METRIC_IDS` order (counters as increments per interval). */
export interface MetricSample {
  /** Milliseconds since the Unix epoch at the sampler. */
  readonly atMs: number;
  readonly values: readonly number[];
  /** False while the page was hidden: frame figures of such samples mean nothing. */
  readonly visible: boolean;
}

export const SAMPLE_INTERVAL_MS = 100;

/** A target with its warning and critical bounds; the direction says which side is good. */
export interface MetricTarget {
  readonly target: number;
  readonly warning: number;
  readonly critical: number;
  readonly good: 'low' | 'high';
}
