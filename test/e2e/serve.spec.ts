import { execFileSync } from 'node:child_process';
import { expect, test } from '@playwright/test';
import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
} from 'openai';
import { ANSWER, QUESTION } from './support/ports.ts';
import { WitanServe } from './support/witan-serve.ts';

const COUNCIL = 'witan-council';
const messages = [{ role: 'user' as const, content: QUESTION }];
/** The words with which a member declines are the longest that it knows: 53 tokens. */
const LONG = [{ role: 'user' as const, content: 'Who wrote the novel Middlemarch?' }];

/** What OpenAI's types do not know. */
interface WitanField {
  readonly witan: {
    readonly outcome: string;
    readonly agreement: number;
    readonly members: readonly { readonly id: string; readonly status: string; readonly answer: string }[];
    readonly missing: readonly string[];
    readonly dissent: readonly unknown[];
    readonly left_out?: readonly string[];
  };
}

let serve: WitanServe;
let client: OpenAI;

test.beforeAll(async () => {
  serve = await WitanServe.start();
  client = new OpenAI({ baseURL: serve.url, apiKey: 'none', maxRetries: 0 });
});

test.afterAll(async () => {
  expect(await serve.stop(), serve.lines.join('\n')).toBe(0);
});

test('lists the council and its members', async () => {
  const ids: string[] = [];
  for await (const { id, object, owned_by } of client.models.list()) {
    ids.push(id);
    expect([object, owned_by]).toEqual(['model', 'witan']);
  }
  expect(ids).toEqual([COUNCIL, 'alder', 'birch', 'cedar']);
  expect(serve.document.models).toEqual(ids);
  expect(await client.models.retrieve('cedar')).toMatchObject({ id: 'cedar' });
  await expect(client.models.retrieve('oak')).rejects.toThrow(NotFoundError);
});

test('the council answers', async () => {
  const answer = await client.chat.completions.create({ model: COUNCIL, messages, temperature: 0, seed: 1 });
  expect(answer.choices).toMatchObject([
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: ANSWER } },
  ]);
  expect(answer.id).toMatch(/^chatcmpl-/);
  const { witan } = answer as unknown as WitanField;
  expect(witan).toMatchObject({ outcome: 'decided', missing: [] });
  expect(witan.members.map(({ id }) => id).sort()).toEqual(['alder', 'birch', 'cedar']);
  const { usage } = answer;
  expect(usage?.completion_tokens).toBeGreaterThanOrEqual(2);
  expect(usage?.prompt_tokens).toBeGreaterThan(0);
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
});

test('what the council cannot answer it declines', async () => {
  const asked = [{ role: 'user' as const, content: 'Who wrote the novel Middlemarch?' }];
  const answer = await client.chat.completions.create({ model: COUNCIL, messages: asked });
  expect(answer.choices[0]?.message.content).toMatch(/^I cannot answer that/);
  expect((answer as unknown as WitanField).witan.outcome).toBe('abstained');
});

for (const model of [COUNCIL, 'birch']) {
  test(`${model} streams`, async () => {
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(ANSWER);
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop']);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: expect.any(Number) as unknown },
    });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });
}

test('a member’s words come as it writes them', async () => {
  const stream = client.chat.completions.stream({ model: 'cedar', messages: LONG });
  let pieces = 0;
  stream.on('content', () => (pieces += 1));
  const whole = await stream.finalContent();
  expect(whole).toMatch(/^I cannot answer that.*\.$/);
  expect(pieces).toBeGreaterThan(1);
});

test('a member keeps to limits, stop sequences and grammars', async () => {
  const full = await client.chat.completions.create({ model: 'cedar', messages: LONG });
  const text = full.choices[0]?.message.content ?? '';
  const short = await client.chat.completions.create({ model: 'cedar', messages: LONG, max_tokens: 4 });
  expect(short.choices[0]).toMatchObject({ finish_reason: 'length' });
  expect(short.usage?.completion_tokens).toBe(4);
  expect(text.startsWith(short.choices[0]?.message.content ?? '?')).toBe(true);
  const stop = text.slice(3, 5);
  const cut = await client.chat.completions.create({ model: 'cedar', messages: LONG, stop });
  expect(cut.choices[0]).toMatchObject({
    finish_reason: 'stop',
    message: { content: text.slice(0, text.indexOf(stop)) },
  });
  const grammar = { grammar: 'root ::= "yes" | "no"' };
  const held = await client.chat.completions.create({ model: 'cedar', messages, ...grammar });
  expect(held.choices[0]?.message.content).toMatch(/^(yes|no)$/);
});

test('an answer that nobody waits for any more is stopped, and the next one comes', async () => {
  const stream = await client.chat.completions.create({ model: 'cedar', messages: LONG, stream: true });
  let seen = '';
  for await (const chunk of stream) {
    seen += chunk.choices[0]?.delta.content ?? '';
    if (seen !== '') stream.controller.abort();
  }
  const leaving = new AbortController();
  const asked = client.chat.completions.create({ model: COUNCIL, messages }, { signal: leaving.signal });
  leaving.abort();
  await expect(asked).rejects.toThrow(APIUserAbortError);
  const answer = await client.chat.completions.create({ model: COUNCIL, messages });
  expect(answer.choices[0]?.message.content).toBe(ANSWER);
});

test('what it cannot do it refuses, with what is wrong', async () => {
  const create = (more: object) => client.chat.completions.create({ model: COUNCIL, messages, ...more });
  await expect(create({ model: 'gpt-4o' })).rejects.toThrow(NotFoundError);
  await expect(create({ n: 2 })).rejects.toThrow(BadRequestError);
  await expect(create({ tools: [{ type: 'function', function: { name: 'f' } }] })).rejects.toMatchObject({
    status: 400,
    param: 'tools',
    code: 'unsupported_parameter',
    type: 'invalid_request_error',
  });
  const instructed = [{ role: 'system', content: 'Be brief.' }, ...messages];
  await expect(create({ messages: instructed })).rejects.toMatchObject({
    status: 400,
    code: 'unsupported_value',
  });
  const talk = [
    { role: 'user', content: 'What is 2 + 3?' },
    { role: 'assistant', content: '5' },
    ...messages,
  ];
  // Nobody of the bundled council can be shown them.
  await expect(create({ messages: talk })).rejects.toMatchObject({
    status: 400,
    code: 'unsupported_value',
    message: expect.stringContaining('Alder, Birch, Cedar'),
  });
  // The bundled members read bare questions; their chat template would drop the instruction without a word.
  await expect(create({ model: 'alder', messages: instructed })).rejects.toMatchObject({
    status: 400,
    code: 'unsupported_value',
  });
  await expect(
    create({ messages: [{ role: 'user', content: 'What? '.repeat(2_000) }] }),
  ).rejects.toMatchObject({
    status: 400,
    code: 'context_length_exceeded',
  });
  await expect(create({ messages: [{ role: 'user', content: ' ' }] })).rejects.toMatchObject({
    code: 'prompt_empty',
  });
  await expect(create({ user: 'x'.repeat(1_200_000) })).rejects.toMatchObject({ status: 413 });
  const page = new OpenAI({
    baseURL: serve.url,
    apiKey: 'none',
    maxRetries: 0,
    defaultHeaders: { origin: 'https://example.org' },
  });
  await expect(page.models.list()).rejects.toThrow(PermissionDeniedError);
});

test('many at once are answered one after the other', async () => {
  const sums = [11, 12, 13, 14, 15, 16];
  const answers = await Promise.all(
    sums.map((number) =>
      client.chat.completions.create({
        model: COUNCIL,
        messages: [{ role: 'user', content: `What is ${number} + 20?` }],
      }),
    ),
  );
  expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual(
    sums.map((number) => String(number + 20)),
  );
});

test('beyond its queue it refuses for a while, and OpenAI’s client comes again by itself', async () => {
  const small = await WitanServe.start('--queue', '1');
  try {
    const patient = new OpenAI({ baseURL: small.url, apiKey: 'none', maxRetries: 6 });
    const eager = new OpenAI({ baseURL: small.url, apiKey: 'none', maxRetries: 0 });
    const ask = (from: OpenAI) => from.chat.completions.create({ model: COUNCIL, messages });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => ask(eager)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const each of refused) expect(each).toMatchObject({ reason: { status: 429, code: 'queue_full' } });
    const answers = await Promise.all(Array.from({ length: 3 }, () => ask(patient)));
    expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual([ANSWER, ANSWER, ANSWER]);
  } finally {
    expect(await small.stop()).toBe(0);
  }
});

test('with a token it answers who has it', async () => {
  const guarded = await WitanServe.start('--token', 'secret-token');
  try {
    const stranger = new OpenAI({ baseURL: guarded.url, apiKey: 'wrong-token', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toThrow(AuthenticationError);
    const friend = new OpenAI({ baseURL: guarded.url, apiKey: 'secret-token', maxRetries: 0 });
    expect((await friend.models.list()).data).toHaveLength(4);
    expect(guarded.lines.join('\n')).not.toContain('secret-token');
  } finally {
    guarded.signal('SIGINT');
    expect(await guarded.exited).toBe(0);
  }
});

/** Renderers below a process, newest last (Linux). */
function renderersOf(pid: number): readonly number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row))
    .flatMap((row) =>
      row === null ? [] : [{ pid: Number(row[1]), ppid: Number(row[2]), args: row[3] ?? '' }],
    );
  const below = (parents: readonly number[]): readonly number[] => {
    const children = rows.filter(({ ppid }) => parents.includes(ppid)).map((row) => row.pid);
    return children.length === 0 ? [] : [...children, ...below(children)];
  };
  const family = below([pid]);
  return rows
    .filter((row) => family.includes(row.pid) && row.args.includes('--type=renderer'))
    .map((row) => row.pid);
}

test('a page that dies is started again, and running answers end while it is told to stop', async () => {
  test.skip(process.platform !== 'linux', 'finds the process of the page with ps');
  const mortal = await WitanServe.start();
  const asked = new OpenAI({ baseURL: mortal.url, apiKey: 'none', maxRetries: 0 });
  const health = async () => (await fetch(new URL('/health', mortal.url))).status;
  expect(await health()).toBe(200);
  for (const pid of renderersOf(mortal.pid)) process.kill(pid, 'SIGKILL');
  await expect.poll(health).toBe(503);
  await expect(asked.chat.completions.create({ model: COUNCIL, messages })).rejects.toMatchObject({
    status: 503,
  });
  await expect.poll(health).toBe(200);
  const answer = await asked.chat.completions.create({ model: COUNCIL, messages });
  expect(answer.choices[0]?.message.content).toBe(ANSWER);
  const stream = await asked.chat.completions.create({ model: 'cedar', messages: LONG, stream: true });
  let text = '';
  for await (const chunk of stream) {
    if (text === '') mortal.signal('SIGTERM');
    text += chunk.choices[0]?.delta.content ?? '';
  }
  expect(text).toMatch(/^I cannot answer that.*\.$/);
  expect(await mortal.exited, mortal.lines.join('\n')).toBe(0);
});
