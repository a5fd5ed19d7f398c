import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conversationMarkdown,
  deliberationMarkdown,
} from '../../../../src/storage/archive/deliberation-markdown.ts';
import { conversation } from '../../../fakes/conversations.ts';
import { deliberation } from '../../../fakes/deliberations.ts';

describe('a round as Markdown', () => {
  it('says what was asked, answered, by whom, and what is missing', () => {
    const base = deliberation('a', 0);
    const [first, second] = base.members;
    if (first === undefined || second === undefined) throw new Error('two members');
    const written = deliberationMarkdown({
      ...base,
      members: [
        { ...first, history: { shown: 1, leftOut: 2 } },
        { ...second, status: 'lost', answer: '', key: null, error: 'worker-lost' },
      ],
      missing: ['birch'],
      dissent: [{ key: '86', answer: '86', members: ['alder'] }],
      lateWouldFlip: true,
      rating: 'good',
      cached: { roundId: 'r0', storedAt: 0, ageMs: 5 },
    });
    expect(written).toContain('## What is 38 \\+ 47?');
    expect(written).toContain('Asked 1970-01-01T00:00:00.000Z');
    expect(written).toContain('100 % of 1 votes agree. Agreement is no proof.');
    expect(written).toContain('- Missing: birch.');
    expect(written).toContain('would have changed the answer');
    expect(written).toContain('| birch | – | wllama, cpu | lost: worker\\-lost | 2 | 20 ms | 60.0 |');
    expect(written).toContain('2 earlier turns had no room');
    expect(written).toContain('**Dissent** of alder');
    expect(written).toContain('From the cache: nobody was asked');
    expect(written).toContain('- Rated: good.');
    expect(deliberationMarkdown({ ...base, answer: null })).toContain('None.');
  });

  it('lets nothing that was written out of its fence', () => {
    const words = fc.string({ unit: fc.constantFrom('`', '~', '\n', 'a', ' ', '#', '<', '|') });
    fc.assert(
      fc.property(words, (answer) => {
        const lines = deliberationMarkdown({
          ...deliberation('a', 0),
          answer,
          members: [],
          dissent: [],
        }).split('\n');
        const start = lines.findIndex(
          (line, at) => at > 0 && lines[at - 2] === '**Answer of the council**' && line.endsWith('text'),
        );
        const fence = lines[start]?.slice(0, -'text'.length) ?? '';
        const end = lines.indexOf(fence, start + 1);
        expect(lines.slice(start + 1, end).join('\n')).toBe(answer);
        // No line within is a fence as long as the one around it.
        for (const line of lines.slice(start + 1, end)) expect(line.includes(fence)).toBe(false);
      }),
    );
  });

  it('lets no mark of a question or a name be taken for its own', () => {
    const [member] = deliberation('a', 0).members;
    if (member === undefined) throw new Error('a member');
    const hostile = '<img src=x onerror=alert(1)> [a](javascript:x) | ![b](http://c)';
    const written = deliberationMarkdown({
      ...deliberation('a', 0, { prompt: hostile }),
      members: [{ ...member, name: hostile, answer: '' }],
    });
    const outside = written.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
    expect(outside).not.toMatch(/(?<!\\)[<>[\]]/);
    expect(
      outside
        .split('\n')
        .find((line) => line.includes('onerror') && line.startsWith('|'))
        ?.match(/(?<!\\)\|/g),
    ).toHaveLength(8);
  });
});

it('a conversation is its rounds under its name', () => {
  const written = conversationMarkdown(conversation('c', 2), [deliberation('a', 0), deliberation('b', 1)]);
  expect(written.startsWith('# question 1\n')).toBe(true);
  expect(written.match(/^## /gm)).toHaveLength(2);
});
