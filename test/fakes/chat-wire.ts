/** One event of a stream, as it stands on the wire. */
export function sse(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** The event that brings `content`. */
export function delta(content: string, finish: string | null = null): string {
  return sse({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  });
}

/** What `GET /v1/models` says when the server has one model. */
export function modelList(id: string, owner = 'llamacpp', more: object = {}): object {
  return { object: 'list', data: [{ id, object: 'model', owned_by: owner, ...more }] };
}
