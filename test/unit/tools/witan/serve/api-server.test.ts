import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ok } from '#kernel/result';
import { memberView, deliberation } from '../../../../fakes/port-data.ts';
import { aborted, generation } from '../../../../fakes/serve-backend.ts';
import { chatOf, errorIn, QUESTION, ServerRig } from './server-rig.ts';

let rig: ServerRig;

beforeEach(async () => {
  rig = await new ServerRig().start();
});

afterEach(() => rig.stop());

describe('what it offers', () => {
  test('says that it is well, or why not', async () => {
    expect(await rig.send('/health')).toMatchObject({ status: 200 });
    expect(JSON.parse((await rig.send('/health')).text)).toMatchObject({
      status: 'ok',
      members: 2,
      ready: 2,
    });
    rig.backend.state = 'starting';
    const reply = await rig.send('/health');
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([503, { status: 'starting' }]);
  });

  test('lists the council, then its members', async () => {
    const list = JSON.parse((await rig.send('/v1/models')).text) as { data: { id: string }[] };
    expect(list).toMatchObject({ object: 'list' });
    expect(list.data.map(({ id }) => id)).toEqual(['witan-council', 'alder', 'birch']);
    expect(list.data[1]).toMatchObject({ object: 'model', owned_by: 'witan', witan: { backend: 'cpu' } });
    const one = await rig.send('/v1/models/alder');
    expect(JSON.parse(one.text)).toEqual(list.data[1]);
    expect(errorIn(await rig.send('/v1/models/oak'))).toMatchObject({ code: 'model_not_found' });
  });

  test('answers as the council', async () => {
    const reply = await rig.post(chatOf({ seed: 3 }));
    expect(reply).toMatchObject({
      status: 200,
      headers: { 'x-request-id': expect.stringMatching(/^req_/) as unknown },
    });
    expect(JSON.parse(reply.text)).toMatchObject({
      object: 'chat.completion',
      model: 'witan-council',
      choices: [{ index: 0, message: { role: 'assistant', content: '85' }, finish_reason: 'stop' }],
      usage: { completion_tokens: 9 },
      witan: { outcome: 'decided', agreement: 1 },
    });
    expect(rig.backend.questions).toEqual([
      { prompt: QUESTION, seed: 3, history: [], leaveOutHistory: false },
    ]);
  });

  test('answers as a member, streamed', async () => {
    const reply = await rig.post(chatOf({ model: 'alder', stream: true }));
    expect(reply.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const contents = [...reply.text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content);
    expect(contents).toEqual(['', '8', '5']);
    expect(reply.text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(rig.backend.requests).toMatchObject([{ memberId: 'alder', request: { prompt: QUESTION } }]);
  });
});

describe('what it refuses', () => {
  test.each([
    [{ model: 'oak' }, 404, 'model_not_found'],
    [{ n: 2 }, 400, 'unsupported_parameter'],
    [{ messages: [] }, 400, 'invalid_value'],
    [{ temperature: 1 }, 400, 'unsupported_value'],
  ])('%j', async (more, status, code) => {
    const reply = await rig.post(chatOf(more));
    expect(reply.status).toBe(status);
    expect(errorIn(reply)).toMatchObject({ type: 'invalid_request_error', code });
  });

  test.each([
    ['{', 400, 'invalid_json'],
    ['', 400, 'invalid_json'],
    [JSON.stringify({ text: 'x'.repeat(1_100_000) }), 413, 'request_too_large'],
  ])('a body like %.9j', async (body, status, code) => {
    const reply = await rig.post(body);
    expect([reply.status, errorIn(reply).code]).toEqual([status, code]);
  });

  test('a body that is said to be far too large is not read', async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const text = await rig.raw(`${head}Content-Length: 1000000000\r\n\r\n{`);
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  test('a body that is not JSON by its type', async () => {
    const reply = await rig.post(chatOf(), { 'content-type': 'text/plain' });
    expect([reply.status, errorIn(reply).code]).toEqual([415, 'unsupported_media_type']);
    expect((await rig.post(chatOf(), { 'content-type': 'application/json; charset=utf-8' })).status).toBe(
      200,
    );
  });

  test('other addresses and methods', async () => {
    expect((await rig.send('/')).status).toBe(404);
    expect((await rig.send('/v1/embeddings', { method: 'POST' })).status).toBe(404);
    const reply = await rig.send('/v1/chat/completions');
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST']);
    expect((await rig.send('/v1/models', { method: 'DELETE' })).status).toBe(405);
  });

  test('foreign names and pages, before anything else', async () => {
    const named = await rig.send('/v1/models', { headers: { host: 'example.org' } });
    expect([named.status, errorIn(named).code]).toEqual([403, 'host_not_allowed']);
    const called = await rig.post(chatOf(), { origin: 'https://example.org' });
    expect([called.status, errorIn(called).code]).toEqual([403, 'origin_not_allowed']);
    expect(called.headers['access-control-allow-origin']).toBeUndefined();
    const asked = await rig.send('/v1/chat/completions', {
      method: 'OPTIONS',
      headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' },
    });
    expect(asked.status).toBe(403);
    expect(rig.backend.questions).toEqual([]);
  });

  test('what is no HTTP', async () => {
    expect(await rig.raw('hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [\s\S]*invalid_request/);
    expect(await rig.raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });

  test('questions while the page is started again, with the time to come back', async () => {
    rig.backend.state = 'starting';
    const reply = await rig.post(chatOf());
    expect([reply.status, reply.headers['retry-after'], errorIn(reply).code]).toEqual([503, '5', 'starting']);
    expect((await rig.send('/v1/models')).status).toBe(503);
  });

  test('with a fault of ours it says nothing of what was asked', async () => {
    rig.backend.onAsk = () => {
      throw new Error('a bug');
    };
    const reply = await rig.post(chatOf());
    expect([reply.status, errorIn(reply).code]).toEqual([500, 'internal']);
    expect(reply.text).not.toContain('a bug');
    rig.backend.onAsk = () => Promise.resolve(ok(deliberation()));
    expect((await rig.post(chatOf())).status).toBe(200);
  });
});

describe('with a token', () => {
  beforeEach(async () => {
    await rig.stop();
    const guard = { host: '127.0.0.1', token: 'secret-token', allowOrigins: ['http://localhost:4173'] };
    rig = await new ServerRig({ guard }).start();
  });

  test('who does not have it learns that the server is well, and nothing else', async () => {
    for (const authorization of ['', 'Bearer wrong-token']) {
      const reply = await rig.post(chatOf(), { authorization });
      expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(errorIn(reply)).toMatchObject({ type: 'authentication_error', code: 'invalid_api_key' });
    }
    expect((await rig.send('/v1/models')).status).toBe(401);
    expect((await rig.send('/health')).status).toBe(200);
    expect(rig.backend.questions).toEqual([]);
  });

  test('who has it is answered', async () => {
    expect((await rig.post(chatOf(), { authorization: 'Bearer secret-token' })).status).toBe(200);
  });

  test('a page that is allowed asks first without it, and reads the answer', async () => {
    const origin = 'http://localhost:4173';
    const asked = await rig.send('/v1/chat/completions', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'authorization,content-type' },
    });
    expect(asked).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'authorization, content-type',
        vary: 'Origin',
      },
    });
    const reply = await rig.post(chatOf(), { origin, authorization: 'Bearer secret-token' });
    expect([reply.status, reply.headers['access-control-allow-origin']]).toEqual([200, origin]);
  });

  test('the log holds neither it nor words of the question', async () => {
    await rig.post(chatOf(), { authorization: 'Bearer secret-token' });
    await rig.post(chatOf({ model: QUESTION }), { authorization: 'Bearer secret-token' });
    await rig.send(`/v1/models?key=secret-token&q=${encodeURIComponent(QUESTION)}`);
    await rig.logged(3);
    expect(rig.lines[0]).toMatch(/^POST \/v1\/chat\/completions 200 \d+ ms witan-council 0\+9 tokens$/);
    expect(rig.lines.join('\n')).not.toMatch(/secret|What|38/);
  });
});

describe('many at once', () => {
  test('wait their turn; one too many is refused with the time to come back', async () => {
    await rig.stop();
    rig = await new ServerRig({ queueLimit: 1 }).start();
    let running = 0;
    let most = 0;
    const free: (() => void)[] = [];
    rig.backend.onAsk = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => free.push(resolve));
      running -= 1;
      return ok(deliberation());
    };
    const asked = [1, 2, 3].map(() => rig.post(chatOf()));
    const refused = await Promise.race(asked);
    expect(refused.status).toBe(429);
    expect(errorIn(refused)).toMatchObject({ type: 'rate_limit_error', code: 'queue_full' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const statuses = Promise.all(asked).then((replies) => replies.map(({ status }) => status).sort());
    const pump = setInterval(() => free.shift()?.(), 1);
    expect(await statuses).toEqual([200, 200, 429]);
    clearInterval(pump);
    expect(most).toBe(1);
  });

  test('a client that goes stops its answer, and the next is served', async () => {
    let stopped = 0;
    const begun = new Promise<void>((resolve) => {
      rig.backend.onGenerate = async (signal, _question, onText) => {
        onText('8');
        resolve();
        await aborted(signal);
        stopped += 1;
        return ok({ generation: generation('8', { finish: 'cancelled' }), leftOut: [] });
      };
    });
    const leaving = new AbortController();
    const left = fetch(`${rig.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chatOf({ model: 'alder', stream: true })),
      signal: leaving.signal,
    }).then((response) => response.text());
    await begun;
    leaving.abort();
    await expect(left).rejects.toThrow();
    expect((await rig.post(chatOf())).status).toBe(200);
    await rig.logged(2);
    expect(stopped).toBe(1);
    expect(rig.lines[0]).toMatch(/ cut \d+ ms alder gone$/);
    expect([rig.queue.running, rig.queue.waiting, rig.server.running]).toEqual([0, 0, 0]);
  });

  test('one that goes while it waits is never asked for', async () => {
    const release: (() => void)[] = [];
    const first = new Promise<void>((resolve) => {
      rig.backend.onAsk = async () => {
        resolve();
        await new Promise<void>((free) => release.push(free));
        return ok(deliberation());
      };
    });
    const answered = rig.post(chatOf());
    await first;
    const leaving = new AbortController();
    const body = JSON.stringify(chatOf());
    const headers = { 'content-type': 'application/json' };
    const left = fetch(`${rig.baseUrl}/chat/completions`, {
      method: 'POST',
      headers,
      body,
      signal: leaving.signal,
    });
    while (rig.queue.waiting === 0) await new Promise(setImmediate);
    leaving.abort();
    await expect(left).rejects.toThrow();
    while (rig.queue.waiting > 0) await new Promise(setImmediate);
    for (const free of release) free();
    expect((await answered).status).toBe(200);
    expect(rig.backend.questions).toHaveLength(1);
  });
});

describe('who dawdles', () => {
  beforeEach(async () => {
    await rig.stop();
    rig = await new ServerRig({ times: { headersMs: 40, requestMs: 80, checkMs: 10 } }).start();
  });

  test('over the head of a request is sent away', async () => {
    expect(await rig.raw('POST /v1/chat/completions HTTP/1.1\r\nHost: loc')).toMatch(
      /^HTTP\/1.1 408 [\s\S]*"code":"request_timeout"/,
    );
  });

  test('over its body too', async () => {
    const head =
      'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
    expect(await rig.raw(`${head}Content-Length: 100\r\n\r\n{"model":`)).toMatch(/^HTTP\/1.1 408 /);
    expect(rig.backend.questions).toEqual([]);
  });
});

test('it ends when running answers have, and takes nobody new', async () => {
  let free: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    rig.backend.onAsk = async () => {
      resolve();
      await new Promise<void>((release) => (free = release));
      return ok(deliberation());
    };
  });
  const answered = rig.post(chatOf());
  await begun;
  const closed = rig.server.close(30_000);
  await expect(rig.send('/health')).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
  free();
  expect(await answered).toMatchObject({ status: 200, headers: { connection: 'close' } });
  await closed;
});

test('it does not wait for a line that its client keeps open for later', async () => {
  let free: () => void = () => undefined;
  rig.backend.onGenerate = async (_signal, _question, onText) => {
    onText('8');
    await new Promise<void>((release) => (free = release));
    onText('5');
    return ok({ generation: generation('85'), leftOut: [] });
  };
  // Its head is sent, without a word of an end.
  const response = await fetch(`${rig.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chatOf({ model: 'alder', stream: true })),
  });
  const closed = rig.server.close(3_600_000);
  free();
  expect(await response.text()).toContain('[DONE]');
  await closed;
});

test('it cuts what has not ended in time', async () => {
  rig.backend.onAsk = async (signal) => {
    await aborted(signal);
    return ok(deliberation({ outcome: 'stopped', answer: null }));
  };
  const answered = rig.post(chatOf());
  while (rig.queue.running === 0) await new Promise(setImmediate);
  const closed = rig.server.close(0);
  await expect(answered).rejects.toThrow(/socket hang up|ECONNRESET/);
  await closed;
});

test('members on servers are named only where they may be asked', async () => {
  rig.backend.views = [memberView('remote-far', { backend: 'remote', state: 'ready' })];
  const reply = await rig.post(chatOf({ model: 'alder' }));
  expect(reply.status).toBe(404);
  expect((await rig.post(chatOf({ model: 'remote-far' }))).status).toBe(200);
});
