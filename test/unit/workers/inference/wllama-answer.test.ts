import { beforeEach, describe, expect, it } from 'vitest';
import type { Generation } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { StreamToWorker } from '#contracts/worker-api';
import { DecodeGate } from '../../../../workers/inference/decode-gate.ts';
import { WllamaActions } from '../../../../workers/inference/wllama-actions.ts';
import { streamAnswer } from '../../../../workers/inference/wllama-answer.ts';
import { NativeLog } from '../../../../workers/inference/wllama-native-log.ts';
import { turn } from '../../../fakes/turn.ts';
import { chunk, errorResult, lastChunk, result, ScriptedCore, TIMINGS } from './wllama-scripted-core.ts';

const HALF_CHARACTER = '[json.exception.type_error.316] invalid UTF-8 byte at index 1: 0x20';
const CPP_EXCEPTION = new Error('Invalid typed array length: 1163217991');

/** The page's end, without a thread. */
class FakePort {
  readonly sent: unknown[] = [];
  onmessage: ((event: MessageEvent<StreamToWorker>) => void) | null = null;
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  close(): void {
    this.onmessage = null;
  }
  stop(): void {
    this.onmessage?.(new MessageEvent('message', { data: { type: 'stop' } }));
  }
}

let core: ScriptedCore;
let log: NativeLog;
let port: FakePort;
let gate: DecodeGate;
let actions: WllamaActions;
let outcome: Outcome<Generation> | null;
let alone: boolean;

beforeEach(() => {
  core = new ScriptedCore();
  log = new NativeLog();
  port = new FakePort();
  gate = new DecodeGate(port as unknown as MessagePort, { flushIntervalMs: 0, decodeDelayMs: 0 });
  actions = new WllamaActions(core, () => Promise.resolve());
  outcome = null;
  alone = false;
});

/** Begins an answer; the request is accepted under `id`. */
async function begin(id = 7, body: Readonly<Record<string, unknown>> = {}): Promise<void> {
  void streamAnswer({ model: 'Alder', actions, log, mayRunAhead: () => alone }, body, gate).then(
    (settled) => {
      outcome = settled;
    },
  );
  await turn();
  await accept(id);
}

async function accept(id: number): Promise<void> {
  core.last.answer({ success: true, req_id: id });
  await turn();
}

async function steps(...results: object[]): Promise<void> {
  for (const each of results) {
    expect(core.last.name).toBe('get_result');
    core.last.answer(each);
    await turn();
  }
}

describe('an answer', () => {
  it('is the text of all chunks, with the core’s own figures', async () => {
    await begin();
    await steps(
      result(null),
      result([chunk(null), chunk('Be')]),
      result(undefined),
      result(chunk('cause')),
      result(lastChunk('stop'), false),
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        text: 'Because',
        finish: 'stop',
        promptTokens: TIMINGS.cache_n + TIMINGS.prompt_n,
        cachedPromptTokens: TIMINGS.cache_n,
        completionTokens: 3,
        prefillTokensPerSecond: 100,
      },
    });
    expect(outcome?.ok === true && outcome.value.logprobs).toBeUndefined();
    expect(core.names).not.toContain('cancel 7');
  });

  it('says when the limit ended it', async () => {
    await begin();
    await steps(result(chunk('a')), result(lastChunk('length'), false));
    expect(outcome).toMatchObject({ ok: true, value: { finish: 'length' } });
  });

  it('brings the log-probability of each token', async () => {
    await begin(7, { logprobs: true, top_logprobs: 1 });
    const logprobs = (token: string, logprob: number): object => ({
      logprobs: { content: [{ token, logprob, bytes: [97], top_logprobs: [] }] },
    });
    await steps(
      result(chunk('a', logprobs('a', -0.5))),
      result(chunk('b', logprobs('b', -1.5))),
      result(lastChunk('stop'), false),
    );
    expect(outcome).toMatchObject({
      value: {
        logprobs: [
          { token: 'a', logprob: -0.5 },
          { token: 'b', logprob: -1.5 },
        ],
      },
    });
  });
});

describe('an answer that runs alone', () => {
  beforeEach(() => {
    alone = true;
  });

  it('asks for its next step ahead from its first word on, and ends with its last', async () => {
    await begin();
    await steps(result(null), result(chunk('Be')));
    expect(core.names.filter((name) => name === 'get_result 7')).toHaveLength(4);
    core.at(3).answer(result(chunk('cause')));
    await turn();
    core.at(4).answer(result(lastChunk('stop'), false));
    await turn();
    expect(outcome).toMatchObject({ ok: true, value: { text: 'Because', finish: 'stop' } });
    core.last.answer(result(undefined, false));
    await turn();
    expect(core.names).not.toContain('cancel 7');
  });

  it('keeps what was under way when it is stopped', async () => {
    await begin();
    await steps(result(chunk('Be')));
    port.stop();
    core.at(2).answer(result(chunk('ca')));
    await turn();
    expect(core.last.name).toBe('get_result');
    core.at(3).answer(result(chunk('use')));
    await turn();
    expect(core.last.name).toBe('cancel');
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ value: { text: 'Because', finish: 'cancelled' } });
  });

  it('asks for nothing ahead when a step may throw', async () => {
    await begin(7, { logprobs: true });
    await steps(result(chunk('Be')), result(chunk('cause')));
    expect(core.names).toEqual(['completion', 'get_result 7', 'get_result 7', 'get_result 7']);
  });

  it('fails once when both its steps do', async () => {
    await begin();
    await steps(result(chunk('Be')));
    for (const index of [2, 3]) core.at(index).fail(CPP_EXCEPTION);
    await turn();
    expect(core.last.name).toBe('cancel');
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ error: { code: 'engine-failed' } });
  });
});

describe('a stop', () => {
  it('frees the slot before the answer is over', async () => {
    await begin();
    await steps(result(chunk('Be')));
    port.stop();
    core.last.answer(result(chunk('cause')));
    await turn();
    expect(core.last).toMatchObject({ name: 'cancel', body: { req_id: 7 } });
    expect(outcome).toBeNull();
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ ok: true, value: { text: 'Because', finish: 'cancelled' } });
  });

  it('does not wait for the steps of others', async () => {
    await begin();
    await steps(result(chunk('Be')));
    core.last.answer(result(undefined));
    void actions.step(new AbortController().signal, 'get_result', { req_id: 8 });
    await turn();
    expect(core.last.body['req_id']).toBe(8);
    port.stop();
    core.last.answer(result(undefined));
    await turn();
    expect(core.last).toMatchObject({ name: 'cancel', body: { req_id: 7 } });
  });
});

describe('a failure', () => {
  it('that the core reports is typed', async () => {
    await begin();
    await steps(
      errorResult('request (418 tokens) exceeds the available context size (256 tokens), try increasing it'),
    );
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({
      error: { code: 'context-exceeded', details: { needed: 418, available: 256 } },
    });
  });

  it('at the start is explained by the native log', async () => {
    void streamAnswer({ model: 'Alder', actions, log, mayRunAhead: () => alone }, {}, gate).then(
      (settled) => {
        outcome = settled;
      },
    );
    await turn();
    log.error('Automatic parser generation failed: JSON schema error at #: unrecognized type x');
    core.last.fail(CPP_EXCEPTION);
    await turn();
    expect(outcome).toMatchObject({
      error: { code: 'request-unsupported', details: { reason: 'json-schema' } },
    });
    expect(core.names).toEqual(['completion']);
  });

  it('in the middle frees the slot', async () => {
    await begin();
    await steps(result(chunk('Be')));
    core.last.fail(CPP_EXCEPTION);
    await turn();
    expect(core.last.name).toBe('cancel');
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ error: { code: 'engine-failed', details: { model: 'Alder' } } });
  });

  it('of a result that is none is a failure and no hang', async () => {
    await begin();
    core.last.answer({ success: true, has_more: true, is_error: false, data_json: '{"no":"chunk"}' });
    await turn();
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ error: { code: 'engine-failed' } });
  });

  it('of the engine is its own', async () => {
    await begin();
    actions.lose(failure('device-lost', { model: 'Alder' }));
    await turn();
    expect(outcome).toEqual({ ok: false, error: failure('device-lost', { model: 'Alder' }) });
  });
});

describe('half a character among log-probabilities', () => {
  async function broken(): Promise<void> {
    await begin(7, { logprobs: true, top_logprobs: 1, seed: 3 });
    await steps(result(chunk('Be')), result(chunk('cau')));
    log.error(HALF_CHARACTER);
    core.last.fail(CPP_EXCEPTION);
    await turn();
    expect(core.last.name).toBe('cancel');
    core.last.answer({ success: true });
    await turn();
    expect(core.last.name).toBe('completion');
    expect(core.last.body['data_json']).toBe('{"seed":3}');
    await accept(8);
  }

  it('begins the answer again without them, and passes on what is new', async () => {
    await broken();
    await steps(
      result(chunk('B')),
      result(chunk('eca')),
      result(chunk('use')),
      result(lastChunk('stop'), false),
    );
    expect(outcome).toMatchObject({ ok: true, value: { text: 'Because', finish: 'stop' } });
    expect(outcome?.ok === true && outcome.value.logprobs).toBeUndefined();
    gate.close();
    const texts = port.sent.map((message) => (message as { chunk?: { text: string } }).chunk?.text ?? '');
    expect(texts.join('')).toBe('Because');
  });

  it('is a failure when the second attempt says something else', async () => {
    await broken();
    await steps(result(chunk('Before')));
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ error: { code: 'engine-failed' } });
  });

  it('keeps what was said when it is stopped while it catches up', async () => {
    await broken();
    await steps(result(chunk('B')));
    port.stop();
    core.last.answer(result(undefined));
    await turn();
    core.last.answer({ success: true });
    await turn();
    expect(outcome).toMatchObject({ ok: true, value: { text: 'Becau', finish: 'cancelled' } });
  });
});
