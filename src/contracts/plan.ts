import * as v from 'valibot';
import type { ModelPrediction } from './capacity.ts';
import { BACKENDS } from './engine.ts';
import { EstimateSchema } from './estimate.ts';
import { TIERS } from './hardware.ts';

const Figure = v.pipe(v.number(), v.finite(), v.minValue(0));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.pipe(v.string(), v.minLength(1));

/** speed: the soonest answer of a council · quality: the best council that answers in bearable time · balanced: between. */
export const GOALS = ['speed', 'quality', 'balanced'] as const;
export type Goal = (typeof GOALS)[number];

/** By which the plan reckons (mission.md W13). */
export const FORMULAS = ['cpu', 'gpu', 'several-gpus', 'remote'] as const;

/**
 * system: what the system and other programs keep · page: the browser and this page · engine: an engine's own memory ·
 * weights, cache, scratch: of a member (cache: keys and values of its context) · reserve: kept free for what was not
 * foreseen · free: what is left.
 */
export const BUDGET_LINES = [
  'system',
  'page',
  'engine',
  'weights',
  'cache',
  'scratch',
  'reserve',
  'free',
] as const;

export const BudgetSchema = v.object({
  totalBytes: Figure,
  /**
   * hint: the browser's rounded figure · floor: it tells of no more than that, there may be any amount above · assumed: it
   * tells nothing, a small device is assumed · typed: what-if.
   */
  source: v.picklist(['hint', 'floor', 'assumed', 'typed']),
  /** They add up to `totalBytes`. */
  lines: v.array(v.object({ name: v.picklist(BUDGET_LINES), member: v.nullable(Text), bytes: Figure })),
});
export type Budget = v.InferOutput<typeof BudgetSchema>;

/** What a member did with the questions that it was asked on this device. */
const MeasuredAnswersSchema = v.object({
  questions: Count,
  /** Wilson 95 % interval of its share of right answers. */
  ci95: v.tuple([Figure, Figure]),
  /** Of one answer, all members answering at the same time, ms; null where this browser did not measure it. */
  answerMs: v.nullable(v.object({ p50: Figure, p95: Figure })),
  /** Of one answer, mean. */
  tokens: Figure,
});
export type MeasuredAnswers = v.InferOutput<typeof MeasuredAnswersSchema>;

export const PlanMemberSchema = v.object({
  id: Text,
  name: Text,
  family: v.string(),
  engine: v.picklist(['starter', 'wllama', 'web-llm', 'remote']),
  backend: v.picklist(BACKENDS),
  quantization: v.string(),
  /** What is still to be fetched, bytes; 0 for what is here, null where nobody says. */
  downloadBytes: v.nullable(Figure),
  contextTokens: Count,
  memoryBytes: Figure,
  /** Of the plan's question, alone on the device. */
  tokensPerSecond: v.nullable(EstimateSchema),
  ttft: v.nullable(EstimateSchema),
  /** Share of held-out questions that it had right, where that was measured; 0..1. With `measured` it is of those. */
  accuracy: v.nullable(v.pipe(Figure, v.maxValue(1))),
  /** Absent: its answers were not measured on this device. */
  measured: v.optional(MeasuredAnswersSchema),
  /** Of a public ranking, on one scale for all; not measured here. */
  score: v.nullable(v.number()),
  threads: Count,
});
export type PlanMember = v.InferOutput<typeof PlanMemberSchema>;

export const PlanCheckSchema = v.object({
  name: v.picklist([
    'memory',
    'graphics-memory',
    'engine-memory',
    'storage',
    'latency',
    'first-token',
    'seats',
    'families',
    'pace',
  ]),
  pass: v.boolean(),
  figure: v.nullable(v.number()),
  limit: v.nullable(v.number()),
  unit: v.string(),
  /** What it means, one sentence for people. */
  detail: Text,
});
export type PlanCheck = v.InferOutput<typeof PlanCheckSchema>;

/** The document of `witan plan`. */
export const CapacityPlanSchema = v.object({
  schema: v.literal('witan.plan'),
  version: v.literal(1),
  goal: v.picklist(GOALS),
  tier: v.picklist(TIERS),
  formula: v.picklist(FORMULAS),
  members: v.array(PlanMemberSchema),
  /** Members that decode at the same time. */
  concurrency: Count,
  /** Tokens of context of each member. */
  context: Count,
  budget: BudgetSchema,
  /** Null without a graphics card of its own memory, and where nothing runs on it. */
  graphicsBudget: v.nullable(BudgetSchema),
  quality: v.object({
    /** Longest answer, tokens. */
    maxTokens: Count,
    /** Answers drawn of each member and question. */
    samples: Count,
    /** Of the weights, the coarsest of the members. */
    precision: v.string(),
    /** Shortest time between two updates of the text, ms. */
    flushIntervalMs: Figure,
  }),
  /** When to do less, and when to do more again: a dead band between the two. */
  thresholds: v.array(
    v.object({
      metric: v.picklist(['tokens-per-second', 'first-token', 'frame-interval', 'memory', 'queue']),
      unit: v.string(),
      /** Beyond this the council is made smaller or slower. */
      reduceAt: Figure,
      /** Back beyond this it is restored. */
      restoreAt: Figure,
      action: Text,
    }),
  ),
  expected: v.object({
    /** Question and answer that the figures hold for, tokens. */
    promptTokens: Count,
    answerTokens: Count,
    /** From the question until all members have answered, ms; null where a speed is not known. */
    answerMs: v.nullable(EstimateSchema),
    firstTokenMs: v.nullable(EstimateSchema),
    /** Of all members together. */
    tokensPerSecond: v.nullable(EstimateSchema),
  }),
  checks: v.array(PlanCheckSchema),
  /** What was changed because a check did not pass, in order. */
  iterations: v.array(v.object({ change: Text, because: Text })),
  /** Whether all checks pass. */
  valid: v.boolean(),
  /** Why there is no council that passes; null for a valid plan. */
  refusal: v.nullable(v.string()),
  /** Why models were left out that are better or larger, one line each. */
  leftOut: v.array(v.object({ id: Text, name: Text, because: Text })),
  /** Feedback: measured ÷ predicted of earlier runs, by which predictions were corrected; 1 without any. */
  correction: Figure,
  wall: Figure,
});
export type CapacityPlan = v.InferOutput<typeof CapacityPlanSchema>;

/** A model that could have a seat. */
export interface PlanCandidate {
  readonly prediction: Omit<ModelPrediction, 'engine'> & { readonly engine: PlanMember['engine'] };
  /** 0..1; of its answers on this device where those were measured, else of when it was made. */
  readonly accuracy: number | null;
  readonly measured?: MeasuredAnswers;
  readonly score: number | null;
  /** Keys and values of one token, bytes; null where the shape is not known. */
  readonly cacheBytesPerToken: number | null;
}

/** What a plan is made from. Everything may be changed: that is a what-if. */
export interface PlanInput {
  readonly goal: Goal;
  readonly tier: (typeof TIERS)[number];
  /** Threads that the engines may use together; 1 where the page is not isolated. */
  readonly threads: number;
  /** bytes null: the browser tells nothing. floor: there may be any amount above. */
  readonly memory: { readonly bytes: number | null; readonly floor: boolean; readonly typed: boolean };
  /** Most that one engine can hold on the processor, bytes. */
  readonly engineBytes: number;
  /** Null without a real card. bytes null: unknown, as browsers never tell it. */
  readonly graphics: { readonly cards: number; readonly bytes: number | null } | null;
  readonly remoteServers: number;
  /** Room for downloads, bytes; null where unknown. */
  readonly storageBytes: number | null;
  readonly candidates: readonly PlanCandidate[];
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** Measured ÷ predicted speed of earlier runs, median; 1 without any. */
  readonly correction: number;
}

/** What a plan would be on another device; what is left out is as it is here. */
export interface WhatIf {
  /** GiB of memory. */
  readonly memoryGiB?: number;
  /** Times as fast at reading memory as this graphics card. */
  readonly graphicsFactor?: number;
  readonly cores?: number;
  readonly cards?: number;
  readonly remoteServers?: number;
}
