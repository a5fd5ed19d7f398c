import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordFault } from '../../../../src/council/evaluation/record-fault.ts';
import { recordedBallot, recordHead } from '../../../fakes/recorded-ballots.ts';

const HEAD = recordHead({ samples: 2, extra: { memberId: 'birch', samples: 6 } });
const ballot = (id: string) =>
  recordedBallot(
    1,
    [
      [1, 1],
      [1, 1, 1, 2, 1, 1],
      [2, null],
    ],
    { id },
  );
const RECORD = { head: HEAD, ballots: ['a', 'b', 'c'].map(ballot) };

it('lets pass what a run leaves, also one that was stopped', () => {
  expect(recordFault(RECORD)).toBeNull();
  expect(recordFault({ ...RECORD, ballots: [] })).toBeNull();
});

it('finds whatever answer is missing, there twice, or of nobody who was asked', () => {
  const whole = ballot('a').samples.length;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: whole - 1 }),
      fc.constantFrom('missing', 'twice', 'stranger'),
      (at, sample, fault) => {
        const ballots = RECORD.ballots.map((each, place) => {
          if (place !== at) return each;
          const samples = each.samples.flatMap((said, index) => {
            if (index !== sample) return [said];
            if (fault === 'missing') return [];
            return fault === 'twice' ? [said, said] : [{ ...said, memberId: 'somebody' }];
          });
          return { ...each, samples };
        });
        expect(recordFault({ ...RECORD, ballots })).toBe(at + 2);
      },
    ),
  );
});

it.each([
  ['nobody', { members: [] }],
  [
    'more members than a council has',
    { members: Array.from({ length: 9 }, (_, n) => ({ ...HEAD.members[0], id: String(n) })) },
  ],
  ['one member twice', { members: [HEAD.members[0], HEAD.members[0]] }],
  ['more answers than are ever asked for', { samples: 21 }],
  ['a stranger asked more often', { extra: { memberId: 'somebody', samples: 6 } }],
])('finds a head of %s', (_what, change) => {
  expect(recordFault({ head: { ...HEAD, ...change } as typeof HEAD, ballots: [] })).toBe(1);
});
