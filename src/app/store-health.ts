import type { StoredModel } from '#contracts/model-store';
import type { StoreSpace } from '#contracts/models';
import type { ModelHealth, PersistenceAnswer, StoreHealth, StoreTrouble } from '#contracts/store-health';

/** What the health of the store is made of. */
export interface HealthFacts {
  readonly takenAtMs: number;
  readonly models: readonly StoredModel[];
  /** Ids of models that were chosen for the council. */
  readonly seated: ReadonlySet<string>;
  readonly space: StoreSpace;
  readonly estimate: StorageEstimate | null;
  readonly lastAsked: PersistenceAnswer | null;
  readonly troubles: readonly StoreTrouble[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function healthOf(model: StoredModel, seated: boolean): ModelHealth {
  const { id, name, state, sizeBytes, keptBytes, pinned, lastUsedAtMs } = model;
  // Of a file that was never whole, chunks are missing that never were here: no more than were lost count as such.
  const missing = model.files.map(({ chunks, keptChunks, lostChunks }) =>
    Math.min(lostChunks, (chunks ?? 0) - keptChunks),
  );
  const checked = model.files.map(({ checkedAtMs }) => checkedAtMs).filter((atMs) => atMs !== null);
  return {
    id,
    name,
    state,
    sizeBytes,
    keptBytes,
    pinned,
    seated,
    lastUsedAtMs,
    checkedAtMs: checked.length < model.files.length ? null : Math.min(...checked),
    missingChunks: sum(missing),
    repairedChunks: sum(model.files.map(({ lostChunks }) => lostChunks)) - sum(missing),
    files: model.files.map(({ urls: _urls, faults, ...file }) => ({ ...file, faults: [...faults] })),
  };
}

const whole = (bytes: number | undefined): number | null => (bytes === undefined ? null : Math.round(bytes));

/** Puts together what is known of the store. */
export function storeHealth(facts: HealthFacts): StoreHealth {
  const { space, estimate, takenAtMs } = facts;
  return {
    schema: 'witan.store-health',
    version: 1,
    takenAtMs,
    backend: space.backend,
    space: {
      keptBytes: space.keptBytes,
      heldBytes: space.heldBytes,
      measured: space.measured === null ? null : { atMs: takenAtMs, ...space.measured },
      estimate:
        estimate === null ? null : { usageBytes: whole(estimate.usage), quotaBytes: whole(estimate.quota) },
    },
    persistence: { persisted: space.persisted, last: facts.lastAsked },
    models: facts.models.map((model) => healthOf(model, facts.seated.has(model.id))),
    troubles: [...facts.troubles],
  };
}
