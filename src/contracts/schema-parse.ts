import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure, type ErrorCode, type Outcome, type WitanFailure } from './errors.ts';

/**
 * Parses untrusted data with a valibot schema; a mismatch becomes a failure that names the first offending path.
 * @param details what the text of `code` needs besides
 */
export function parseWith<S extends v.GenericSchema>(
  schema: S,
  data: unknown,
  code: ErrorCode,
  details: WitanFailure['details'] = {},
): Outcome<v.InferOutput<S>> {
  const parsed = v.safeParse(schema, data);
  if (parsed.success) return ok(parsed.output);
  const issue = parsed.issues[0];
  return err(failure(code, { ...details, path: v.getDotPath(issue) ?? '(root)', problem: issue.message }));
}
