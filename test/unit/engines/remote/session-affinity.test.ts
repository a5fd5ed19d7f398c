import { expect, it } from 'vitest';
import type { GenerateRequest } from '#contracts/engine';
import { conversationKey, SessionAffinity } from '../../../../src/engines/remote/session-affinity.ts';

const FIRST: GenerateRequest = {
  prompt: 'Who was Ada?',
  system: 'Be brief.',
  maxTokens: 9,
  temperature: 0,
  seed: 1,
};

it('knows a conversation again in its later turns, whatever is asked and however', () => {
  const later: GenerateRequest = {
    ...FIRST,
    history: [
      { role: 'user', content: 'Who was Ada?' },
      { role: 'assistant', content: 'A mathematician.' },
    ],
    prompt: 'When was she born?',
    seed: 99,
    temperature: 1,
  };
  expect(conversationKey(later)).toBe(conversationKey(FIRST));
});

it('tells conversations apart by their first question and their instruction', () => {
  const { system: _, ...plain } = FIRST;
  const keys = [FIRST, plain, { ...FIRST, system: 'Be long.' }, { ...FIRST, prompt: 'Who was Bob?' }].map(
    conversationKey,
  );
  expect(new Set(keys).size).toBe(4);
  // The border between the two texts counts.
  expect(conversationKey({ ...FIRST, system: 'ab', prompt: 'c' })).not.toBe(
    conversationKey({ ...FIRST, system: 'a', prompt: 'bc' }),
  );
});

it('is no copy of what was asked', () => {
  expect(conversationKey(FIRST)).toMatch(/^\d+:\d+$/);
});

it('remembers the endpoint of the last 128 conversations', () => {
  const affinity = new SessionAffinity();
  for (let index = 0; index < 128; index += 1) affinity.bind(`c${String(index)}`, 'a');
  affinity.bind('c0', 'b'); // now it is the newest
  affinity.bind('new', 'a');
  expect(affinity.endpointOf('c0')).toBe('b');
  expect(affinity.endpointOf('c1')).toBeNull();
  expect(affinity.endpointOf('c2')).toBe('a');
  expect(affinity.endpointOf('never')).toBeNull();
});
