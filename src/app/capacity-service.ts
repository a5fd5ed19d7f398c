import type { CapacityPort } from '#contracts/ports';

export function composeCapacity(): CapacityPort {
  throw new Error('under construction');
}
