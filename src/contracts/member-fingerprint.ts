import type { MemberView } from './council.ts';

/**
 * What answers behind a member's id: with another model, another quantization or another backend it is another member, and
 * nothing that was measured of the first holds for it.
 */
export function memberFingerprint({
  backend,
  parameters,
  sizeBytes,
}: Pick<MemberView, 'backend' | 'parameters' | 'sizeBytes'>): string {
  return [backend, parameters, sizeBytes].join(' ');
}
