import { describe, expect, it } from 'vitest';
import { seatPath, seatsOf } from '../../../../src/ui/council/seats.ts';
import { deliberation, member } from '../../../fakes/port-data.ts';

describe('seats', () => {
  it('tell agreement, dissent and absence apart', () => {
    const d = deliberation({
      members: [
        member('alder'),
        member('birch', { key: '84' }),
        member('cedar', { key: null, status: 'abstained' }),
      ],
    });
    expect(seatsOf(d)).toEqual(['agrees', 'differs', 'without']);
  });

  it('begin at the top and keep to the box', () => {
    for (const total of [1, 2, 3, 5, 8]) {
      for (let index = 0; index < total; index += 1) {
        const figures =
          seatPath(index, total)
            .match(/-?\d+(\.\d+)?/g)
            ?.map(Number) ?? [];
        expect(figures.every((figure) => figure >= 0 && figure <= 32)).toBe(true);
      }
    }
  });
});
