import { failure, type WitanFailure } from '#contracts/errors';

/** Names and texts as wllama 3.8.1 and its llama.cpp (b11364) write them; mapped here once, at the border. */
const CONTEXT_EXCEEDED = /exceeds? the available context size|Context size has been exceeded/i;
const TOKEN_COUNTS = /\((\d+) tokens\).*\((\d+) tokens\)/;

/** The typed failure behind an error of wllama. */
export function wllamaFailure(thrown: unknown, model: string): WitanFailure {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof Error && thrown.name === 'AbortError') return failure('cancelled', { model });
  if (CONTEXT_EXCEEDED.test(text)) {
    const counts = TOKEN_COUNTS.exec(text);
    const known = counts === null ? {} : { needed: Number(counts[1]), available: Number(counts[2]) };
    return failure('context-exceeded', { model, ...known }, thrown);
  }
  if (/WebAssembly|wasm|SharedArrayBuffer|compile|instantiate/i.test(text)) {
    return failure('engine-unavailable', { model }, thrown);
  }
  return failure('engine-failed', { model }, thrown);
}
