import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { remoteSeatId, type RemoteConfiguration, type RemoteSettings } from '#contracts/remote';
import type { RemoteKeys } from './remote-keys.ts';

/**
 * What the worker of a member has to know: its own servers, and their keys alone.
 * Errors: member-unknown.
 * @param specId as `remoteSpec` names the member
 */
export function remoteConfiguration(
  settings: RemoteSettings,
  specId: string,
  keys: RemoteKeys,
): Outcome<RemoteConfiguration> {
  const member = settings.members.find((one) => remoteSeatId(one) === specId);
  if (member === undefined) return err(failure('member-unknown', { member: specId }));
  const endpoints = settings.endpoints.filter(({ id }) => member.endpointIds.includes(id));
  return ok({ member, endpoints, keys: endpoints.flatMap((endpoint) => keys.keyOf(endpoint) ?? []) });
}
