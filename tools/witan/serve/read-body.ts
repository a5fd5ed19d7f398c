import type { IncomingMessage } from 'node:http';
import { err, ok, type Result } from '../../../src/kernel/result.ts';
import { apiError, type ApiError } from './api-error.ts';

/** A long conversation is some hundred kilobytes. */
export const BODY_LIMIT_BYTES = 1_048_576;
/**
 * What is too large is still read this far and thrown away: a client that is cut off while it sends sees a broken line
 * instead of the refusal.
 */
const DRAIN_LIMIT_BYTES = 16 * BODY_LIMIT_BYTES;

function tooLarge(): ApiError {
  return apiError(413, 'request_too_large', `The body may have ${BODY_LIMIT_BYTES} bytes at most.`);
}

/** The JSON of a request. Errors: 400, 413, 415; null: the client went before it had sent it. */
export async function readJson(request: IncomingMessage): Promise<Result<unknown, ApiError> | null> {
  const type = request.headers['content-type'] ?? '';
  // A form or plain text is what a foreign page may send without asking first.
  if (!/^application\/json *(;|$)/i.test(type)) {
    return err(apiError(415, 'unsupported_media_type', 'The body must be application/json.'));
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > DRAIN_LIMIT_BYTES) return err(tooLarge());
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.byteLength;
      if (bytes <= BODY_LIMIT_BYTES) pieces.push(piece);
      if (bytes > DRAIN_LIMIT_BYTES) return err(tooLarge());
    }
  } catch {
    return null;
  }
  if (bytes > BODY_LIMIT_BYTES) return err(tooLarge());
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
    return ok(JSON.parse(text) as unknown);
  } catch {
    return err(apiError(400, 'invalid_json', 'The body is not JSON in UTF-8.'));
  }
}
