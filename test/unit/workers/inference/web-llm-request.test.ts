import { describe, expect, it } from 'vitest';
import type { ChatCompletionRequestStreaming } from '@mlc-ai/web-llm';
import type { GenerateRequest } from '#contracts/engine';
import { chatRequest } from '../../../../workers/inference/web-llm-request.ts';
import { REQUEST } from '../../../fakes/web-llm-host.ts';

function asked(change: Partial<GenerateRequest> = {}): ChatCompletionRequestStreaming {
  const outcome = chatRequest({ ...REQUEST, ...change }, 'Tiny');
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

it('streams, with usage, and says nothing that was not asked for', () => {
  expect(asked()).toEqual({
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 100,
    temperature: 0,
    seed: 7,
  });
});

it('puts the system prompt first and the question last', () => {
  const { messages } = asked({
    system: 'Be brief.',
    history: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ],
  });
  expect(messages.map(({ role, content }) => [role, content])).toEqual([
    ['system', 'Be brief.'],
    ['user', 'a'],
    ['assistant', 'b'],
    ['user', 'Hi'],
  ]);
  expect(asked({ system: '' }).messages).toHaveLength(1);
});

describe('sampling', () => {
  it('keeps a seed in the range that the generator takes: it refuses negative ones', () => {
    expect(asked({ seed: -3 }).seed).toBe(3);
    expect(asked({ seed: 2 ** 31 + 4 }).seed).toBe(5);
    expect(asked({ seed: 1.5 }).seed).toBe(1);
  });

  it('leaves the nucleus to the model unless it is asked for, and never sends the 0 that is refused', () => {
    expect(asked()).not.toHaveProperty('top_p');
    expect(asked({ topP: 0.9 }).top_p).toBe(0.9);
    expect(asked({ topP: 0 }).top_p).toBe(1e-5);
  });

  it('asks for log-probabilities in the one way that gives some', () => {
    expect(asked({ logprobs: true, temperature: 0.7 })).toMatchObject({
      logprobs: true,
      top_logprobs: 1,
      temperature: 0.7,
    });
    expect(asked({ logprobs: false })).not.toHaveProperty('top_logprobs');
  });

  it('decodes greedily at temperature 1 when log-probabilities are wanted: at 0 they say nothing', () => {
    expect(asked({ logprobs: true })).toMatchObject({ temperature: 1, top_p: 1e-5 });
  });
});

describe('form of the answer', () => {
  it('passes a grammar, or a JSON schema as text', () => {
    expect(asked({ grammar: 'root ::= "x"' }).response_format).toEqual({
      type: 'grammar',
      grammar: 'root ::= "x"',
    });
    const schema = { type: 'object', properties: { vote: { type: 'string' } } };
    expect(asked({ jsonSchema: schema }).response_format).toEqual({
      type: 'json_object',
      schema: JSON.stringify(schema),
    });
  });

  it('refuses both at once', () => {
    expect(chatRequest({ ...REQUEST, grammar: 'root ::= "x"', jsonSchema: {} }, 'Tiny')).toMatchObject({
      ok: false,
      error: { code: 'request-unsupported', details: { model: 'Tiny' } },
    });
  });

  it('decodes past the end when a benchmark wants a length', () => {
    expect(asked({ ignoreEos: true }).ignore_eos).toBe(true);
  });
});
