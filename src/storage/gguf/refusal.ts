import { failure, WitanError, type WitanFailure } from '#contracts/errors';
import type { GgufRefusal } from '#contracts/gguf';

/** Ends the reading of a file; `inspectGguf` turns it into an `Outcome`. */
export function refused(reason: GgufRefusal, details: WitanFailure['details'] = {}): WitanError {
  return new WitanError(failure('model-invalid', { ...details, reason }));
}
