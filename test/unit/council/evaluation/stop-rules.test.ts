import fc from 'fast-check';
import { expect, it } from 'vitest';
import { STOPS, type Ballot } from '#contracts/rules';
import { STOP_RULES } from '../../../../src/council/evaluation/stop-rules.ts';
import { stopNamed } from '../../../../src/council/stops/stop-named.ts';

it.each([
  // first, second, outstanding: exact, adaptive-consistency, first-two
  [1, 0, 2, false, false, false],
  [2, 0, 1, true, false, true],
  [1, 1, 1, false, false, false],
  [2, 2, 1, false, false, false],
  [2, 1, 2, false, false, true],
  [3, 0, 3, false, false, true],
  // Three of three are 0.9375: it never stops a council of three.
  [3, 0, 0, true, false, true],
  [4, 0, 5, false, true, true],
] as const)('%d to %d with %d to come', (first, second, outstanding, exact, adaptive, two) => {
  const standing = { first, second, outstanding };
  expect(STOP_RULES.exact(standing)).toBe(exact);
  expect(STOP_RULES['adaptive-consistency'](standing)).toBe(adaptive);
  expect(STOP_RULES['first-two'](standing)).toBe(two);
});

it('stops after the same vote as the stops of a round, for the same key', () => {
  const keys = fc.array(fc.constantFrom('x', 'y', 'z', null), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(keys, fc.constantFrom(...STOPS), (all, name) => {
      const members = all.map((_, seat) => ({ id: String(seat), accuracy: 0.5 }));
      const samples = all.map((key, seat) => ({
        memberId: String(seat),
        index: 0,
        key,
        text: '',
        tokens: 1,
        confidence: null,
        arrival: seat,
      }));
      const counts = new Map<string, number>();
      for (const [place, key] of all.entries()) {
        if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
        const outstanding = all.length - place - 1;
        if (outstanding === 0) return;
        const [leader, next] = [...counts].sort((a, b) => b[1] - a[1]);
        const mine =
          leader !== undefined && STOP_RULES[name]({ first: leader[1], second: next?.[1] ?? 0, outstanding })
            ? leader[0]
            : null;
        const ballot: Ballot = { members, samples: samples.slice(0, place + 1) };
        const open = new Map(members.slice(place + 1).map(({ id }) => [id, 1]));
        expect(mine).toBe(stopNamed(name, 'plurality')?.({ ballot, outstanding: open }) ?? null);
        // From here on the vote is over.
        if (mine !== null) return;
      }
    }),
  );
});
