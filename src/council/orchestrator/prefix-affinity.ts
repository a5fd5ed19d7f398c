import type { BalancingPolicy, Placement, ReplicaLoad } from './balancing-policies.ts';
import { BLOCK_TOKENS } from './prompt-blocks.ts';

/** Blocks remembered, the least recently used forgotten first: 64 K tokens of prompts, more than small caches hold. */
const REMEMBERED = 4096;

/**
 * Session affinity by the prompt's beginning: a request goes where the longest part of its prompt was read before, for the
 * key-value cache there (as the cache-aware router of SGLang, and vLLM's prefix-aware one).
 *
 * It goes elsewhere when that replica is too busy: when it has more tokens outstanding than the least busy one by more than
 * the tokens that the cache would save. Then, and without any match, `otherwise` decides.
 */
export class PrefixAffinity implements BalancingPolicy {
  readonly #otherwise: BalancingPolicy;
  readonly #replicas = new Map<number, string>();

  constructor(otherwise: BalancingPolicy) {
    this.#otherwise = otherwise;
  }

  choose(loads: readonly [ReplicaLoad, ...ReplicaLoad[]], work: Placement): ReplicaLoad {
    for (let last = work.blocks.length - 1; last >= 0; last -= 1) {
      const id = this.#replicas.get(work.blocks[last] ?? -1);
      const bound = loads.find((load) => load.id === id);
      if (bound === undefined) continue;
      const idlest = Math.min(...loads.map(({ outstandingTokens }) => outstandingTokens));
      const savedTokens = (last + 1) * BLOCK_TOKENS;
      if (bound.outstandingTokens - idlest <= savedTokens) return bound;
      break;
    }
    return this.#otherwise.choose(loads, work);
  }

  began(replicaId: string, work: Placement): void {
    for (const block of work.blocks) {
      this.#replicas.delete(block); // so that it becomes the newest
      this.#replicas.set(block, replicaId);
    }
    for (const oldest of this.#replicas.keys()) {
      if (this.#replicas.size <= REMEMBERED) break;
      this.#replicas.delete(oldest);
    }
    this.#otherwise.began?.(replicaId, work);
  }
}
