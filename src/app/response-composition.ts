import type { Clock } from '#kernel/clock';
import type { RoundEvent } from '#contracts/council';
import type { MetricWriter } from '#contracts/metrics';
import type { WitanDatabase } from '../storage/database.ts';
import { ResponseStore } from '../storage/response-store.ts';
import { ResponseSwitch } from '../storage/response-switch.ts';
import { ResponseCacheService } from './response-cache-service.ts';

export interface ResponseParts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly database: Promise<WitanDatabase | null>;
  readonly emit: (event: RoundEvent) => void;
}

/** Builds the cache of answers of the app. */
export function composeResponses({ clock, metrics, database, emit }: ResponseParts): ResponseCacheService {
  const store = database.then((opened) => new ResponseStore(clock, opened));
  const chosen = database.then((opened) => new ResponseSwitch(opened));
  return new ResponseCacheService({
    clock,
    metrics,
    newId: () => crypto.randomUUID(),
    open: () => store,
    chosen: () => chosen,
    emit,
  });
}
