import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { RemoteEndpoint, RemoteMember, RemoteSettings } from '#contracts/remote';
import type { RemoteChange } from './remote-store.ts';

/** Errors: record-invalid (there is none of that id). */
export function endpointIn(settings: RemoteSettings, id: string): Outcome<RemoteEndpoint> {
  const found = settings.endpoints.find((one) => one.id === id);
  return found === undefined
    ? err(failure('record-invalid', { path: 'endpoints', problem: `no server ${id}` }))
    : ok(found);
}

/** Adds a server, or replaces the one of its id. */
export function withEndpoint(endpoint: RemoteEndpoint): RemoteChange {
  return (now) => ok({ ...now, endpoints: put(now.endpoints, endpoint) });
}

/** Errors: usage with reason `in-use`. */
export function withoutEndpoint(id: string): RemoteChange {
  return (now) => {
    const user = now.members.find(({ endpointIds }) => endpointIds.includes(id));
    if (user === undefined) return ok({ ...now, endpoints: now.endpoints.filter((one) => one.id !== id) });
    return err(failure('usage', { problem: `${user.name} runs on this server.`, reason: 'in-use' }));
  };
}

/** Adds a member, or replaces the one of its id. Errors: record-invalid (a server that is not there). */
export function withMember(member: RemoteMember): RemoteChange {
  return (now) => {
    const missing = member.endpointIds.find((id) => !now.endpoints.some((one) => one.id === id));
    if (missing === undefined) return ok({ ...now, members: put(now.members, member) });
    return err(failure('record-invalid', { path: 'endpointIds', problem: `no server ${missing}` }));
  };
}

export function withoutMember(id: string): RemoteChange {
  return (now) => ok({ ...now, members: now.members.filter((one) => one.id !== id) });
}

function put<T extends { readonly id: string }>(list: readonly T[], item: T): T[] {
  const known = list.some(({ id }) => id === item.id);
  return known ? list.map((old) => (old.id === item.id ? item : old)) : [...list, item];
}
