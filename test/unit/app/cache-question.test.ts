import { describe, expect, it } from 'vitest';
import type { AskOptions } from '#contracts/deliberation';
import { cacheQuestion, cacheSeat, type CacheSeat } from '../../../src/app/cache-question.ts';
import { cacheKey } from '../../../src/council/cache/cache-key.ts';
import { starterSpec } from '../../../src/resources/member-spec.ts';

const PROMPT = 'What is 38 + 47?';
const ABSTAIN = 'no';

const seat = (id: string): CacheSeat => ({
  id,
  name: id,
  backend: 'cpu',
  accuracy: 0.8,
  model: { engine: 'wllama', backend: 'cpu', id: `model-${id}`, revision: 'r1', contextTokens: 256 },
});

describe('the question as the cache knows it', () => {
  it('knows a member by what it stands on', () => {
    const starter = {
      id: 'alder',
      name: 'Alder',
      sizeBytes: 9,
      sha256: 'ab'.repeat(32),
      parameters: 1,
      context: 256,
    };
    const accuracy = { dev: 0.7, test: 0.6, byFamily: {} };
    const spec = starterSpec(
      { ...starter, accuracy } as Parameters<typeof starterSpec>[0],
      'https://x/alder.gguf',
      2,
    );
    expect(cacheSeat({ spec, rung: spec.rungs[0], backend: 'cpu' })).toEqual({
      id: 'alder',
      name: 'Alder',
      backend: 'cpu',
      accuracy: 0.7,
      model: { engine: 'wllama', backend: 'cpu', id: 'alder', revision: starter.sha256, contextTokens: 256 },
    });
  });

  it('is what each wanted member would be sent', () => {
    const made = cacheQuestion(
      ' What\u00a0is 38 + 47? ',
      {
        members: ['alder'],
        seed: 9,
        history: { alder: { turns: [{ role: 'user', content: 'q' }], shown: 1, leftOut: 0 } },
      },
      [seat('alder'), seat('birch')],
      ABSTAIN,
    );
    expect(made).toMatchObject({ prompt: PROMPT, seed: 9 });
    expect(made?.members).toHaveLength(1);
    expect(made?.members[0]?.request).toMatchObject({
      prompt: PROMPT,
      temperature: 0,
      seed: 9,
      history: [{ role: 'user', content: 'q' }],
    });
    expect(made?.members[0]?.request.grammar).toContain('[0-9]');
  });

  it('does not ask servers unless that is allowed, and is none with them', () => {
    const seats = [seat('alder'), { ...seat('far'), backend: 'remote' as const }];
    expect(cacheQuestion(PROMPT, {}, seats, ABSTAIN)?.members.map(({ id }) => id)).toEqual(['alder']);
    expect(cacheQuestion(PROMPT, { allowRemote: true }, seats, ABSTAIN)).toBeNull();
    const some = cacheQuestion(PROMPT, { allowRemote: ['another'] }, seats, ABSTAIN);
    expect(some?.members.map(({ id }) => id)).toEqual(['alder']);
    expect(cacheQuestion(PROMPT, { allowRemote: ['far'] }, seats, ABSTAIN)).toBeNull();
  });

  it('is none when somebody is wanted who is no member: the council says so', () => {
    const seats = [seat('alder')];
    expect(cacheQuestion(PROMPT, { members: ['nobody'] }, seats, ABSTAIN)).toBeNull();
    expect(cacheQuestion(PROMPT, { members: ['alder', 'nobody'] }, seats, ABSTAIN)).toBeNull();
  });

  it('has a key of its own for every option that an answer may depend on', async () => {
    const plain: AskOptions = { rule: 'auto', samples: 1, stop: 'exact', seed: 1 };
    const same: readonly AskOptions[] = [
      {},
      plain,
      { fresh: true },
      { threadId: 't' },
      { allowRemote: false },
      { allowRemote: true }, // and nobody is there
    ];
    const others: readonly AskOptions[] = [
      { rule: 'plurality' },
      { rule: 'chairman' },
      { rule: 'chairman', chairman: 'birch' },
      { samples: 3 },
      { stop: 'first-two' },
      { seed: 2 },
      { quorum: 1 },
      { softDeadlineMs: 5 },
      { hardDeadlineMs: 5 },
      { graceMs: 5 },
      { instructions: { review: 'Be strict.' } },
      { instructions: { chairman: 'Be strict.' } },
      { weights: { alder: 2 } },
      { weights: { alder: 3 } },
      { members: ['alder'] },
      { history: { alder: { turns: [{ role: 'user', content: 'q' }], shown: 1, leftOut: 0 } } },
      { aNewOption: { alder: 2 } } as AskOptions, // nobody thought of it here
      { aNewOption: { alder: 3 } } as AskOptions,
    ];
    const keyOf = async (options: AskOptions): Promise<string> => {
      const made = cacheQuestion(PROMPT, options, [seat('alder'), seat('birch')], ABSTAIN);
      return String(made === null ? null : await cacheKey(made));
    };
    expect(new Set(await Promise.all(same.map(keyOf)))).toHaveLength(1);
    const keys = await Promise.all([...others, plain].map(keyOf));
    expect(new Set(keys)).toHaveLength(keys.length);
  });
});
