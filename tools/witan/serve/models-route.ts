import { err, ok, type Result } from '../../../src/kernel/result.ts';
import type { MemberView } from '../../../src/contracts/council.ts';
import { apiError, type ApiError } from './api-error.ts';
import { COUNCIL_MODEL } from './asking.ts';
import { modelBody } from './completion.ts';

function entries(members: readonly MemberView[], createdS: number): readonly (object & { id: string })[] {
  const council = { name: 'The council', members: members.map(({ id }) => id) };
  return [
    { id: COUNCIL_MODEL, ...modelBody(COUNCIL_MODEL, createdS, { witan: council }) },
    ...members.map(({ id, name, engine, backend, state }) => ({
      id,
      ...modelBody(id, createdS, { witan: { name, engine, backend, state } }),
    })),
  ];
}

/** `GET /v1/models`: the council first, then each of its members by itself. */
export function modelList(members: readonly MemberView[], createdS: number): object {
  return { object: 'list', data: entries(members, createdS) };
}

/** `GET /v1/models/ID`. Errors: 404. */
export function modelEntry(
  encodedId: string,
  members: readonly MemberView[],
  createdS: number,
): Result<object, ApiError> {
  const entry = entries(members, createdS).find(
    ({ id }) => encodeURIComponent(id) === encodedId || id === encodedId,
  );
  return entry === undefined
    ? err(
        apiError(404, 'model_not_found', 'There is no such model; GET /v1/models lists all.', {
          param: 'model',
        }),
      )
    : ok(entry);
}
