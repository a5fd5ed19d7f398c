import type { ServerResponse } from 'node:http';
import { errorBody, type ApiError } from './api-error.ts';

/** Sends a whole answer, unless the client has gone or something was sent already. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  // To write on after the line is gone is an error that nobody waits for.
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function sendError(
  response: ServerResponse,
  problem: ApiError,
  headers: Readonly<Record<string, string>> = {},
): void {
  const retry = problem.retryAfterS === null ? {} : { 'retry-after': String(problem.retryAfterS) };
  // What is too large is not read to its end, so the line cannot serve again.
  const last = problem.status === 413 ? { connection: 'close' } : {};
  sendJson(response, problem.status, errorBody(problem), { ...retry, ...last, ...headers });
}
