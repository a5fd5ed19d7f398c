import { afterEach, describe, expect, it, vi } from 'vitest';
import { whatHappened } from '#contracts/error-messages';
import { StarterCatalogue } from '../../../src/app/starter-catalogue.ts';
import { starterMember } from '../../fakes/manual-engine.ts';

const NEVER = new AbortController().signal;
const COUNCIL = {
  schema: 'witan.starter-council',
  version: 1,
  generated: '2026-01-01',
  abstain: 'I cannot answer that.',
  members: [starterMember('alder')],
};

function serve(answer: (url: string) => Response | Promise<Response>): string[] {
  const fetched: string[] = [];
  vi.stubGlobal('fetch', (url: string, options: { signal: AbortSignal }) => {
    fetched.push(url);
    if (options.signal.aborted) return Promise.reject(new DOMException('aborted', 'AbortError'));
    return Promise.resolve(answer(url));
  });
  return fetched;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the council’s description', () => {
  it('is fetched once, from beside the page', async () => {
    const fetched = serve(() => Response.json(COUNCIL));
    const catalogue = new StarterCatalogue('https://page/witan/');
    expect(await catalogue.council(NEVER)).toMatchObject({ ok: true, value: { abstain: COUNCIL.abstain } });
    await catalogue.council(NEVER);
    expect(fetched).toEqual(['https://page/witan/starter/council.json']);
    expect(catalogue.urlOf('alder.gguf')).toBe('https://page/witan/starter/alder.gguf');
  });

  it('is tried again after a failure', async () => {
    serve(() => new Response('', { status: 503 }));
    const catalogue = new StarterCatalogue('https://page/');
    expect(await catalogue.council(NEVER)).toMatchObject({ error: { code: 'model-fetch-failed' } });
    serve(() => Response.json(COUNCIL));
    expect(await catalogue.council(NEVER)).toMatchObject({ ok: true });
  });

  it.each([
    ['another version', { ...COUNCIL, version: 2 }],
    ['no members', { ...COUNCIL, members: [] }],
    ['a hash that is none', { ...COUNCIL, members: [{ ...starterMember('a'), sha256: 'XYZ' }] }],
    ['a list', []],
  ])('is refused with a readable text when it is damaged: %s', async (_name, body) => {
    serve(() => Response.json(body));
    const council = await new StarterCatalogue('https://page/').council(NEVER);
    if (council.ok) throw new Error('accepted');
    expect(council.error.code).toBe('model-invalid');
    expect(whatHappened(council.error)).not.toContain('{');
  });

  it('that is no JSON is a failed fetch', async () => {
    serve(() => new Response('<!doctype html>'));
    expect(await new StarterCatalogue('https://page/').council(NEVER)).toMatchObject({
      error: { code: 'model-fetch-failed' },
    });
  });

  it('is given up on abort', async () => {
    serve(() => Response.json(COUNCIL));
    const controller = new AbortController();
    controller.abort();
    expect(await new StarterCatalogue('https://page/').council(controller.signal)).toMatchObject({
      error: { code: 'cancelled' },
    });
  });
});

it('question sets are parsed too', async () => {
  const fetched = serve(() => Response.json({ schema: 'witan.question-set', version: 1, split: 'dev' }));
  expect(await new StarterCatalogue('https://page/').questions(NEVER, 'dev')).toMatchObject({
    error: { code: 'question-set-invalid' },
  });
  expect(fetched).toEqual(['https://page/starter/questions.dev.json']);
});
