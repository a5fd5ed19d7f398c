import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEMBER_STATUSES, OUTCOMES } from '#contracts/deliberation';
import {
  dissentWords,
  spokenResult,
  verdictWords,
  whyMissing,
} from '../../../../src/ui/council/verdict-words.ts';
import { deliberation, member } from '../../../fakes/port-data.ts';

const plainSpaces = (text: string): string => text.replaceAll('\u00a0', ' ');

function factsOf(d: Parameters<typeof verdictWords>[0]): Record<string, string> {
  return Object.fromEntries(verdictWords(d).facts.map((fact) => [fact.label, plainSpaces(fact.text)]));
}

describe('verdictWords', () => {
  it('tells a unanimous result', () => {
    const words = verdictWords(deliberation());
    expect(plainSpaces(words.headline)).toBe('3 of 3 agree · plurality · decided after 0.41 s');
    expect(words.caution).toBeNull();
    expect(factsOf(deliberation())['Votes']).toBe('3 for, none against (agreement 100 %)');
  });

  it('counts and names the dissent', () => {
    const d = deliberation({
      agreement: 2 / 3,
      members: [member('alder'), member('birch'), member('cedar', { answer: '84', key: '84' })],
      dissent: [{ key: '84', answer: '84', members: ['cedar'] }],
    });
    expect(verdictWords(d).headline).toContain('2 of 3 agree');
    expect(factsOf(d)['Votes']).toBe('2 for, 1 against (agreement 67 %)');
    expect(dissentWords(d)).toEqual([{ answer: '84', names: 'Cedar' }]);
    expect(spokenResult(d)).toContain('Cedar said 84.');
  });

  it('says whose casting vote broke a tie', () => {
    const members = [member('alder'), member('birch', { key: '86', answer: '86' })];
    const tied = deliberation({ outcome: 'tied', members });
    expect(verdictWords(tied).caution).toContain('best measured accuracy');
    expect(verdictWords({ ...tied, tieBreaker: 'alder' }).caution).toContain('that of Alder, whose vote');
    // It was not among those that led.
    expect(verdictWords({ ...tied, tieBreaker: 'birch' }).caution).toContain('best measured accuracy');
  });

  it('says who is missing and why, and that it could have mattered', () => {
    const d = deliberation({
      outcome: 'partial',
      agreement: 1,
      members: [member('alder'), member('birch', { status: 'lost', key: null, error: 'worker-lost' })],
      missing: ['birch'],
    });
    expect(plainSpaces(verdictWords(d).headline)).toMatch(/^Partial, 1 vote of 2/);
    expect(verdictWords(d).caution).toContain('could have changed');
    expect(factsOf(d)['Missing']).toBe('Birch (its worker stopped)');
  });

  it('tells an answer of before as one for which nobody was asked', () => {
    const storedAt = new Date(2026, 0, 5, 9, 30).getTime();
    const cached = deliberation({ cached: { roundId: 'r', storedAt, ageMs: 1 } });
    expect(verdictWords(deliberation()).before).toBeNull();
    expect(verdictWords(cached).before).toBe('Answered before, 5 Jan 2026, 09:30; nobody was asked.');
    expect(plainSpaces(verdictWords(cached).headline)).toBe('3 of 3 agree · plurality');
    expect(spokenResult(cached)).toContain('nobody was asked');
    const silent = { ...cached, key: null, answer: null, outcome: 'abstained' as const };
    expect(verdictWords(silent).headline).not.toContain('ended after');
    expect(spokenResult(silent)).toContain('nobody was asked');
  });

  it('tells what stopping early saved', () => {
    const d = deliberation({
      callsSaved: 1,
      members: [member('alder'), member('birch'), member('cedar', { status: 'cut', key: null, answer: '8' })],
    });
    expect(factsOf(d)['Saved']).toBe('1 call stopped early (Cedar)');
    expect(factsOf(d)['Missing']).toBeUndefined();
  });

  it('labels ties and late flips honestly', () => {
    expect(verdictWords(deliberation({ outcome: 'tied' })).headline).toMatch(/^Tied/);
    expect(verdictWords(deliberation({ lateWouldFlip: true })).caution).toContain('would have changed it');
  });

  it('names a recorded failure, and never shows an unfilled gap', () => {
    expect(whyMissing(member('alder', { status: 'failed', error: 'model-invalid' }))).toBe(
      'the file of Alder is damaged or is not a model',
    );
    expect(whyMissing(member('alder', { status: 'failed', error: 'deadline-exceeded' }))).toBe('failed');
    expect(whyMissing(member('alder', { status: 'failed', error: 'from-a-newer-version' }))).toBe('failed');
  });

  it('never calls agreement verified, whatever the round was', () => {
    const anyMember = fc.record({
      status: fc.constantFrom(...MEMBER_STATUSES),
      key: fc.option(fc.constantFrom('85', '84')),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...OUTCOMES),
        fc.array(anyMember, { minLength: 1, maxLength: 5 }),
        fc.option(fc.constantFrom('85', '84')),
        (outcome, parts, key) => {
          const members = parts.map((part, index) => member(`m${String(index)}`, part));
          const d = deliberation({ outcome, key, answer: key, members });
          const { headline, caution, facts } = verdictWords(d);
          const all = [headline, caution, spokenResult(d), ...facts.map((fact) => fact.text)].join(' ');
          expect(all).not.toMatch(/verified|correct|proven/i);
          expect(all).not.toMatch(/undefined|NaN|\{\w+\}/);
        },
      ),
    );
  });
});

it('marks members on servers wherever they are named', () => {
  const members = [
    member('alder'),
    member('far', { name: 'Far', backend: 'remote', answer: '84', key: '84' }),
    member('gone', {
      name: 'Gone',
      backend: 'remote',
      status: 'failed',
      key: null,
      error: 'remote-unreachable',
    }),
  ];
  const record = deliberation({ members, dissent: [{ key: '84', answer: '84', members: ['far'] }] });
  expect(dissentWords(record)).toEqual([{ answer: '84', names: 'Far (on a server)' }]);
  const missing = verdictWords(record).facts.find(({ label }) => label === 'Missing')?.text;
  expect(missing).toMatch(/^Gone \(on a server\) \(/);
});
