import { expect, it } from 'vitest';
import {
  fastestMeasured,
  leastOutstandingTokens,
  roundRobin,
  type Placement,
  type ReplicaLoad,
} from '../../../../src/council/orchestrator/balancing-policies.ts';
import { PrefixAffinity } from '../../../../src/council/orchestrator/prefix-affinity.ts';
import { promptBlocks, promptTokens } from '../../../../src/council/orchestrator/prompt-blocks.ts';
import { asked } from '../../../fakes/orchestrator-rig.ts';

const load = (id: string, outstandingTokens = 0, tokensPerSecond: number | null = null): ReplicaLoad => ({
  id,
  outstandingTokens,
  tokensPerSecond,
});
const work = (prompt: string, costTokens = 10): Placement => ({
  costTokens,
  blocks: promptBlocks(asked(prompt)),
});
const WORK = work('short');

it('round robin goes on where it was, also when replicas come and go', () => {
  const policy = roundRobin();
  const pick = (...ids: [string, ...string[]]): string => {
    const [first, ...rest] = ids;
    return policy.choose([load(first), ...rest.map((id) => load(id))], WORK).id;
  };
  expect([pick('a', 'b', 'c'), pick('a', 'b', 'c'), pick('a', 'c'), pick('a', 'b', 'c')]).toEqual([
    'a',
    'b',
    'a',
    'b',
  ]);
});

it('least outstanding tokens counts tokens, and takes the first of equals', () => {
  const policy = leastOutstandingTokens();
  expect(policy.choose([load('a', 30), load('b', 20), load('c', 20)], WORK).id).toBe('b');
});

it('fastest measured weighs what waits by speed, and measures what is unknown', () => {
  const policy = fastestMeasured();
  expect(policy.choose([load('a', 0, 10), load('b', 40, 100)], WORK).id).toBe('b');
  expect(policy.choose([load('a', 0, 10), load('b', 100, 100)], WORK).id).toBe('a');
  expect(policy.choose([load('a', 0, 100), load('b')], WORK).id).toBe('b');
  // At its first answer it counts as the slowest that is known.
  expect(policy.choose([load('a', 50, 100), load('b', 50)], WORK).id).toBe('a');
});

it('a prompt has a hash for each whole block of its beginning', () => {
  const head = 'x'.repeat(128);
  expect(promptBlocks(asked('short'))).toEqual([]);
  const [one, two] = [
    promptBlocks(asked(`${head}${'a'.repeat(64)}`)),
    promptBlocks(asked(`${head}${'b'.repeat(64)}`)),
  ];
  expect(one.slice(0, 2)).toEqual(two.slice(0, 2));
  expect(one[2]).not.toBe(two[2]);
  expect(promptTokens(asked('12345678', { system: '1234', history: [] }))).toBe(3);
});

it('affinity goes where the beginning was read before, until that is too busy', () => {
  const policy = new PrefixAffinity(leastOutstandingTokens());
  const head = 'h'.repeat(128); // two blocks: 32 tokens that the cache saves
  policy.began('b', work(`${head}first`));
  const next = work(`${head}second`);
  expect(policy.choose([load('a'), load('b', 32)], next).id).toBe('b');
  expect(policy.choose([load('a'), load('b', 33)], next).id).toBe('a');
  expect(policy.choose([load('a'), load('c')], next).id).toBe('a'); // b cannot be asked
  expect(policy.choose([load('a'), load('b', 1)], work('z'.repeat(128))).id).toBe('a');
  policy.began('a', next); // it went there for once: so does the next
  expect(policy.choose([load('a', 5), load('b')], next).id).toBe('a');
});

it('affinity takes the longest beginning, and forgets the oldest', () => {
  const policy = new PrefixAffinity(leastOutstandingTokens());
  const short = 's'.repeat(64);
  policy.began('a', work(short));
  policy.began('b', work(`${short}${'t'.repeat(64)}`));
  policy.began('a', work(`${short}${'u'.repeat(64)}`));
  expect(policy.choose([load('a'), load('b')], work(`${short}${'t'.repeat(70)}`)).id).toBe('b');
  for (let other = 0; other < 70; other += 1)
    policy.began('c', work(`${String(other)}:${'w'.repeat(64 * 64)}`));
  expect(policy.choose([load('a'), load('b', 1)], work(`${short}${'t'.repeat(70)}`)).id).toBe('a');
});
