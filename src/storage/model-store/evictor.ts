import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { Evicted, EvictionPlan, RoomPlan, WantedFile } from '#contracts/model-store';
import { planEviction } from './eviction.ts';
import { reserveFor, steppedRoom } from './room.ts';
import type { SpaceProbe } from './space-probe.ts';
import { attempt } from './store-failure.ts';
import type { StoreParts } from './store-parts.ts';

/** Deletes a model. */
type Remove = (id: string) => Promise<Outcome<{ readonly freedBytes: number }>>;

/**
 * Makes room: first says who would go, then lets them go one by one, as long as that is needed. What is pinned, spared by
 * the caller, read or written stays. Errors of all: storage-failed, storage-full.
 */
export class Evictor {
  readonly #parts: StoreParts;
  readonly #probe: SpaceProbe;
  readonly #remove: Remove;

  constructor(parts: StoreParts, probe: SpaceProbe, remove: Remove) {
    this.#parts = parts;
    this.#probe = probe;
    this.#remove = remove;
  }

  /**
   * Who would go for so many bytes; nothing goes yet, and nobody is kept from a file.
   * @param spare models that stay besides the pinned
   */
  async plan(neededBytes: number, spare: readonly string[] = []): Promise<Outcome<EvictionPlan>> {
    const { journal, locks, ledger } = this.#parts;
    const seen = await attempt('plan', () =>
      journal.read(async (view) => {
        const bytesOf = new Map<string, number>();
        for (const { id, allocatedBytes } of await view.files()) {
          const file = await ledger.known(view, id);
          bytesOf.set(id, Math.max(allocatedBytes, file?.table?.keptBytes() ?? 0));
        }
        return { models: await view.models(), bytesOf };
      }),
    );
    if (!seen.ok) return seen;
    const models = seen.value.models.map((model) =>
      spare.includes(model.id) ? { ...model, pinned: true } : model,
    );
    // Where nobody can say who reads, all may be read.
    const busy = (await locks.held()) ?? new Set(seen.value.bytesOf.keys());
    return ok(planEviction(neededBytes, models, seen.value.bytesOf, busy));
  }

  /**
   * How files would fit that were refused for want of room. The room is measured by taking it, for a moment.
   * @param files of one model, as large as they will be
   */
  async planRoom(files: readonly WantedFile[], spare: readonly string[] = []): Promise<Outcome<RoomPlan>> {
    const missing = await this.#missing(files);
    if (!missing.ok) return missing;
    const { restBytes, taken } = missing.value;
    const { bytes, reserveBytes } = this.#parts;
    const sum = restBytes.reduce((total, each) => total + each, 0);
    const largest = Math.max(0, ...restBytes);
    // The browser gave it all the room, and then the disk had none: that can be asked nobody.
    const measurable = bytes.reserves && !taken;
    // Files come one after the other: only the one that is written takes the reserve, and room in steps.
    const wantedBytes = measurable
      ? sum - largest + steppedRoom(largest + reserveFor(largest, reserveBytes))
      : sum;
    const free = measurable ? await this.#probe.freeBytes(wantedBytes) : ok(null);
    if (!free.ok) return free;
    const freeBytes = free.value;
    // It was refused, so what is missing is not there, whatever can be reserved.
    const told = freeBytes !== null && freeBytes < wantedBytes;
    const eviction = await this.plan(told ? wantedBytes - freeBytes : sum, spare);
    return eviction.ok ? ok({ wantedBytes, freeBytes, eviction: eviction.value }) : eviction;
  }

  /**
   * Carries a plan out, the least recently used first. A model that was pinned, spared or came into use since the plan was
   * shown stays, and so do those that are not needed after all, where the room can be measured.
   */
  async makeRoom(plan: RoomPlan, spare: readonly string[] = []): Promise<Outcome<Evicted>> {
    const { wantedBytes, freeBytes, eviction } = plan;
    const measurable = freeBytes !== null && freeBytes < wantedBytes;
    return this.evict(eviction, spare, async () => {
      if (!measurable) return ok(false);
      const free = await this.#probe.freeBytes(wantedBytes);
      return free.ok ? ok(free.value !== null && free.value >= wantedBytes) : free;
    });
  }

  /** As `makeRoom`. @param fits whether there is enough; asked before each model */
  async evict(
    plan: EvictionPlan,
    spare: readonly string[] = [],
    fits: () => Promise<Outcome<boolean>> = () => Promise.resolve(ok(false)),
  ): Promise<Outcome<Evicted>> {
    let freedBytes = 0;
    const models: string[] = [];
    for (const { id } of plan.models) {
      const enough = await fits();
      if (!enough.ok) return enough;
      if (enough.value) break;
      const allowed = await this.plan(Number.MAX_SAFE_INTEGER, spare);
      if (!allowed.ok) return allowed;
      if (!allowed.value.models.some((model) => model.id === id)) continue;
      const removed = await this.#remove(id);
      if (!removed.ok) return removed;
      freedBytes += removed.value.freedBytes;
      models.push(id);
    }
    return ok({ freedBytes, models });
  }

  /** Bytes that each of the files has still to be given; `taken`: all have their room, and only their bytes are missing. */
  async #missing(
    files: readonly WantedFile[],
  ): Promise<Outcome<{ readonly restBytes: readonly number[]; readonly taken: boolean }>> {
    const { journal, ledger } = this.#parts;
    return attempt('plan', () =>
      journal.read(async (view) => {
        const rests: { readonly restBytes: number; readonly taken: boolean }[] = [];
        for (const { id, sizeBytes } of files) {
          const file = id === null ? null : await ledger.known(view, id);
          const keptBytes = file?.table?.keptBytes() ?? 0;
          const taken = (file?.record.allocatedBytes ?? 0) >= sizeBytes;
          rests.push({ restBytes: Math.max(0, sizeBytes - keptBytes), taken });
        }
        const open = rests.filter(({ taken, restBytes }) => !taken && restBytes > 0);
        const taken = open.length === 0;
        return { restBytes: (taken ? rests : open).map(({ restBytes }) => restBytes), taken };
      }),
    );
  }
}
