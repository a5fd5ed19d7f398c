import type { EvictionPlan } from '#contracts/model-store';

/** A model as far as eviction is concerned. */
export interface EvictionCandidate {
  readonly id: string;
  readonly name: string;
  readonly pinned: boolean;
  readonly lastUsedAtMs: number;
  readonly fileIds: readonly string[];
}

/**
 * Least recently used first, whole models, until there is enough. A file counts with the last model that has it; models
 * without which there is as much, or enough, are spared.
 * @param bytesOf bytes that the file takes on the device
 * @param busy files that somebody reads or writes: their models stay
 */
export function planEviction(
  neededBytes: number,
  models: readonly EvictionCandidate[],
  bytesOf: ReadonlyMap<string, number>,
  busy: ReadonlySet<string>,
): EvictionPlan {
  const freed = (going: readonly EvictionCandidate[]): number => {
    const staying = new Set(
      models.filter((model) => !going.includes(model)).flatMap((model) => model.fileIds),
    );
    const files = new Set(going.flatMap((model) => model.fileIds).filter((id) => !staying.has(id)));
    return [...files].reduce((sum, id) => sum + (bytesOf.get(id) ?? 0), 0);
  };
  let going: readonly EvictionCandidate[] = [];
  const candidates = models
    .filter((model) => !model.pinned && !model.fileIds.some((id) => busy.has(id)))
    .sort((a, b) => a.lastUsedAtMs - b.lastUsedAtMs || (a.id < b.id ? -1 : 1));
  for (const model of candidates) {
    if (freed(going) >= neededBytes) break;
    going = [...going, model];
  }
  // The most recently used first: whoever is spared should be the one most likely to be used again.
  for (const model of [...going].reverse()) {
    const without = going.filter((other) => other !== model);
    if (freed(without) >= Math.min(neededBytes, freed(going))) going = without;
  }
  const freedBytes = freed(going);
  return {
    neededBytes,
    freedBytes,
    models: going.map((model, index) => ({
      id: model.id,
      name: model.name,
      freedBytes: freed(going.slice(0, index + 1)) - freed(going.slice(0, index)),
    })),
    enough: freedBytes >= neededBytes,
  };
}
