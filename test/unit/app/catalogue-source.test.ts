import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CatalogueSource } from '../../../src/app/catalogue-source.ts';

const NEVER = new AbortController().signal;

function serve(answer: (url: string) => Response): string[] {
  const fetched: string[] = [];
  vi.stubGlobal('fetch', (url: string, options: { signal: AbortSignal }) => {
    fetched.push(url);
    if (options.signal.aborted) return Promise.reject(new DOMException('aborted', 'AbortError'));
    return Promise.resolve(answer(url));
  });
  return fetched;
}

const shipped = (url: string): Response =>
  new Response(readFileSync(`public/catalogue/${url.slice(url.lastIndexOf('/') + 1)}`));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['webLlm', 'web-llm', 'witan.web-llm-catalogue'],
  ['facts', 'model-facts', 'witan.model-facts'],
  ['gguf', 'gguf', 'witan.gguf-catalogue'],
  ['councils', 'councils', 'witan.council-catalogue'],
] as const)('%s of the catalogue', (part, file, schema) => {
  it('is fetched once, from beside the page', async () => {
    const fetched = serve(shipped);
    const source = new CatalogueSource('https://page/witan/');
    expect(fetched).toEqual([]);
    const first = await source[part](NEVER);
    expect(first).toMatchObject({ ok: true, value: { schema } });
    expect(await source[part](NEVER)).toEqual(first);
    expect(fetched).toEqual([`https://page/witan/catalogue/${file}.json`]);
  });

  it('is tried again after it could not be fetched, and after it was damaged', async () => {
    const source = new CatalogueSource('https://page/');
    serve(() => new Response('', { status: 503 }));
    expect(await source[part](NEVER)).toMatchObject({ error: { code: 'model-fetch-failed' } });
    serve(() => Response.json({ schema, version: 99 }));
    expect(await source[part](NEVER)).toMatchObject({ error: { code: 'model-invalid' } });
    serve(shipped);
    expect(await source[part](NEVER)).toMatchObject({ ok: true });
  });

  it('ends as cancelled when nobody wants it any more', async () => {
    serve(shipped);
    expect(await new CatalogueSource('https://page/')[part](AbortSignal.abort())).toMatchObject({
      error: { code: 'cancelled' },
    });
  });
});
