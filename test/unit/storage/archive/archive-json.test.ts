import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { Archive } from '#contracts/archive';
import { DeliberationSchema, MEMBER_STATUSES, OUTCOMES, type Deliberation } from '#contracts/deliberation';
import { archiveText, readArchive, type ReadArchive } from '../../../../src/storage/archive/archive-json.ts';
import { conversation } from '../../../fakes/conversations.ts';
import { deliberation } from '../../../fakes/deliberations.ts';

const archive = (more: Partial<Archive> = {}): Archive => ({
  schema: 'witan.deliberation-archive',
  version: 1,
  exportedAt: 5,
  appVersion: '1.2.3',
  deliberations: [],
  conversations: [],
  ...more,
});
const file = (data: unknown): Blob => new Blob([typeof data === 'string' ? data : JSON.stringify(data)]);

async function read(blob: Blob): Promise<ReadArchive> {
  const outcome = await readArchive(blob);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const text = fc.string({ unit: 'binary', maxLength: 40 });
const member = fc.record(
  {
    id: text,
    name: text,
    engine: fc.constantFrom('wllama', 'web-llm', 'prompt-api', 'remote'),
    backend: fc.constantFrom('cpu', 'webgpu', 'remote', 'browser'),
    status: fc.constantFrom(...MEMBER_STATUSES),
    answer: text,
    key: fc.option(text),
    tokens: finite,
    promptTokens: finite,
    ttftMs: fc.option(finite),
    tokensPerSecond: fc.option(finite),
    durationMs: finite,
    error: text,
    restarts: finite,
    accuracy: share,
    endedAs: fc.nat(),
    history: fc.record({ shown: fc.nat(), leftOut: fc.nat() }),
    model: fc.record({
      engine: fc.constant('wllama'),
      backend: fc.constant('cpu'),
      id: text,
      revision: fc.option(text),
      contextTokens: finite,
    }),
  },
  {
    requiredKeys: [
      'id',
      'name',
      'engine',
      'backend',
      'status',
      'answer',
      'key',
      'tokens',
      'ttftMs',
      'tokensPerSecond',
      'durationMs',
    ],
  },
);
const record = fc.record(
  {
    ...Object.fromEntries(
      Object.entries(deliberation('x', 1)).map(([name, value]) => [name, fc.constant(value)]),
    ),
    id: fc.uuid(),
    askedAt: finite,
    prompt: text,
    outcome: fc.constantFrom(...OUTCOMES),
    answer: fc.option(text),
    key: fc.option(text),
    agreement: share,
    members: fc.array(member, { maxLength: 4 }),
    rating: fc.constantFrom('good', 'bad'),
    announcedAfter: fc.option(fc.nat()),
    stoppedByUser: fc.boolean(),
    cached: fc.record({ roundId: text, storedAt: finite, ageMs: finite }),
    threadId: text,
  },
  {
    requiredKeys: Object.keys(deliberation('x', 1)) as never[],
  },
) as fc.Arbitrary<Deliberation>;

describe('a file of deliberations', () => {
  it('loses nothing on its way out and in (500 files)', async () => {
    const files = fc.uniqueArray(record, { maxLength: 5, selector: ({ id }) => id });
    await fc.assert(
      fc.asyncProperty(files, async (deliberations) => {
        // What may be kept, may be exported: the schema is the judge of both.
        for (const each of deliberations) expect(v.is(DeliberationSchema, each)).toBe(true);
        const conversations = [conversation('c', 3)];
        const back = await read(file(archiveText(archive({ deliberations, conversations }))));
        expect(back).toEqual({ deliberations, conversations, refused: [], trimmed: 0 });
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it('keeps even half a character, which no file of UTF-8 can hold', async () => {
    const odd = deliberation('a', 1, { prompt: 'half \ud83d' });
    expect((await read(file(archiveText(archive({ deliberations: [odd] }))))).deliberations).toEqual([odd]);
  });

  it('is JSON with a record a line', () => {
    const written = archiveText(archive({ deliberations: [deliberation('a', 1), deliberation('b', 2)] }));
    expect(JSON.parse(written)).toEqual(
      archive({ deliberations: [deliberation('a', 1), deliberation('b', 2)] }),
    );
    expect(written.split('\n')).toHaveLength(7);
    expect(JSON.parse(archiveText(archive()))).toEqual(archive());
  });

  it('costs no other record when one is damaged, and says where', async () => {
    const deliberations = [
      deliberation('a', 1),
      { ...deliberation('b', 2), agreement: 7 },
      deliberation('c', 3),
    ];
    const back = await read(
      file({ ...archive(), deliberations, conversations: ['no', conversation('c', 1)] }),
    );
    expect(back.deliberations.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(back.conversations).toHaveLength(1);
    expect(back.refused).toEqual([
      { list: 'deliberations', index: 1, path: 'agreement' },
      { list: 'conversations', index: 0, path: '(root)' },
    ]);
  });

  it('that has one id twice: the first counts', async () => {
    const twice = [deliberation('a', 1), deliberation('a', 2)];
    const back = await read(file(archive({ deliberations: twice })));
    expect(back.deliberations).toEqual([twice[0]]);
    expect(back.refused).toEqual([{ list: 'deliberations', index: 1, path: 'id' }]);
  });

  it('says how many records know more than this version', async () => {
    const newer = { ...deliberation('a', 1), mood: 'calm' };
    const back = await read(file({ ...archive(), deliberations: [newer, deliberation('b', 1)] }));
    expect(back).toMatchObject({ trimmed: 1, refused: [] });
    expect(back.deliberations[0]).toEqual(deliberation('a', 1));
  });
});

it('takes one round by itself, as the page gives it away', async () => {
  const one = deliberation('a', 1);
  expect(await read(file(one))).toEqual({
    deliberations: [one],
    conversations: [],
    refused: [],
    trimmed: 0,
  });
  expect((await read(file({ ...one, version: 2 }))).refused).toEqual([
    { list: 'deliberations', index: 0, path: 'version' },
  ]);
});

describe('a file that is none', () => {
  it.each<[string, unknown, string, object]>([
    ['no JSON', '{', 'archive-invalid', { reason: 'no-json' }],
    ['nothing', '', 'archive-invalid', { reason: 'no-json' }],
    [
      'something else',
      { schema: 'witan.settings', version: 2 },
      'archive-invalid',
      { reason: 'shape', path: 'schema' },
    ],
    ['a list', [], 'archive-invalid', { reason: 'shape' }],
    [
      'of no version',
      { ...archive(), version: undefined },
      'archive-invalid',
      { reason: 'shape', path: 'version' },
    ],
    ['without its lists', { ...archive(), deliberations: {} }, 'archive-invalid', { path: 'deliberations' }],
    ['of a later version', { ...archive(), version: 2 }, 'archive-version-unsupported', { version: 2 }],
    [
      'of a named version',
      { ...archive(), version: 'next' },
      'archive-version-unsupported',
      { version: 'next' },
    ],
  ])('%s', async (_what, data, code, details) => {
    expect(await readArchive(file(data))).toMatchObject({ ok: false, error: { code, details } });
  });

  it('too large, which is seen before it is read', async () => {
    const large = file(archive());
    large.text = () => {
      throw new Error('read all the same');
    };
    expect(await readArchive(large, 20)).toMatchObject({
      error: { code: 'archive-too-large', details: { megabytes: 1, limit: 0 } },
    });
  });

  it('hostile: keys that are names of objects change nothing', async () => {
    const hostile = JSON.stringify(archive({ deliberations: [deliberation('a', 1)] })).replace(
      '"id":"a"',
      '"id":"a","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}',
    );
    const back = await read(file(hostile));
    expect(back.deliberations).toEqual([deliberation('a', 1)]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});
