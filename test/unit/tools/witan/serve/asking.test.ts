import { describe, expect, test } from 'vitest';
import { askingOf, COUNCIL_MODEL, type Leavable } from '../../../../../tools/witan/serve/asking.ts';
import type { ChatMessage, ChatRequest } from '../../../../../tools/witan/serve/chat-request.ts';

const question: ChatMessage = { role: 'user', text: 'What is 38 + 47?' };
const system: ChatMessage = { role: 'system', text: 'Be brief.' };
const earlier: readonly ChatMessage[] = [
  { role: 'user', text: 'Hello' },
  { role: 'assistant', text: 'Hi' },
];

function ask(change: Partial<ChatRequest>, leaveOut: readonly Leavable[] = []) {
  const request: ChatRequest = {
    model: COUNCIL_MODEL,
    messages: [question],
    stream: false,
    includeUsage: false,
    maxTokens: null,
    temperature: null,
    topP: null,
    seed: null,
    stop: [],
    jsonSchema: null,
    grammar: null,
    ...change,
  };
  return askingOf(request, { seed: 7, leaveOut });
}

describe('the council', () => {
  test('is asked the question, with the seed of the server unless one is given', () => {
    expect(ask({})).toEqual({
      ok: true,
      value: {
        type: 'council',
        prompt: question.text,
        history: [],
        seed: 7,
        maxTokens: null,
        stop: [],
        leftOut: [],
        leaveOutHistory: false,
      },
    });
    expect(ask({ seed: 3, temperature: 0, topP: 0.2, maxTokens: 5, stop: [','] })).toMatchObject({
      value: { seed: 3, maxTokens: 5, stop: [','], leftOut: [] },
    });
  });

  test.each([
    ['messages', { messages: [system, question] }],
    ['messages', { messages: [...earlier, ...earlier.slice(0, 1), question] }],
    ['messages', { messages: [question, question] }],
    ['temperature', { temperature: 0.7 }],
    ['response_format', { jsonSchema: {} }],
    ['grammar', { grammar: 'root ::= "a"' }],
  ])('refuses what it cannot do: %s', (param, change) => {
    expect(ask(change)).toMatchObject({ error: { status: 400, param, code: 'unsupported_value' } });
  });

  test('is given earlier turns; whether each member can be shown them is seen when they are asked', () => {
    expect(ask({ messages: [...earlier, question] })).toMatchObject({
      value: {
        history: [
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Hi' },
        ],
        leftOut: [],
        leaveOutHistory: false,
      },
    });
    expect(ask({ messages: [...earlier, question] }, ['history'])).toMatchObject({
      value: { history: [{}, {}], leftOut: [], leaveOutHistory: true },
    });
  });

  test('leaves out what the operator allows, and says so', () => {
    const change = { messages: [system, question, question], temperature: 1 };
    expect(ask(change, ['system', 'history', 'temperature'])).toMatchObject({
      value: { prompt: question.text, history: [], leftOut: ['system', 'history', 'temperature'] },
    });
    expect(ask(change, ['system', 'temperature'])).toMatchObject({ ok: false });
    expect(ask({}, ['system', 'history', 'temperature'])).toMatchObject({ value: { leftOut: [] } });
    expect(ask({ jsonSchema: {} }, ['system', 'history', 'temperature'])).toMatchObject({ ok: false });
  });
});

describe('a member', () => {
  test('is given all of it', () => {
    const change = {
      model: 'alder',
      messages: [system, system, ...earlier, question],
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      seed: 3,
      stop: ['\n'],
      jsonSchema: { type: 'object' },
    };
    expect(ask(change, ['system', 'temperature'])).toEqual({
      ok: true,
      value: {
        type: 'member',
        memberId: 'alder',
        request: {
          prompt: question.text,
          system: 'Be brief.\n\nBe brief.',
          history: [
            { role: 'user', content: 'Hello' },
            { role: 'assistant', content: 'Hi' },
          ],
          maxTokens: 9,
          temperature: 0.5,
          topP: 0.9,
          seed: 3,
          jsonSchema: { type: 'object' },
        },
        stop: ['\n'],
        leaveOut: ['system'],
      },
    });
  });

  test('answers greedily and at a length of its own where nothing is said', () => {
    expect(ask({ model: 'alder' })).toMatchObject({
      value: { request: { temperature: 0, seed: 7, maxTokens: 512 } },
    });
  });
});

test.each([
  [[]],
  [[system]],
  [[question, { role: 'assistant', text: 'It is' } as const]],
  [[question, system, question]],
])('%j is no conversation that ends in a question', (messages) => {
  expect(ask({ model: 'alder', messages })).toMatchObject({ error: { status: 400, param: 'messages' } });
});
