import { describe, expect, it } from 'vitest';
import {
  counts,
  listedPredictions,
  needsCard,
  type Order,
} from '../../../../src/ui/device/prediction-list.ts';
import { estimate, prediction, predictReport } from '../../../fakes/capacity-data.ts';

const ROWS = [
  prediction({
    id: 'big',
    name: 'Qwen 10',
    fits: 'will-not-fit',
    sizeBytes: 9e9,
    tokensPerSecond: estimate(1),
  }),
  prediction({ id: 'tight', name: 'Qwen 2', fits: 'tight', sizeBytes: 2e9, tokensPerSecond: null }),
  prediction({ id: 'here', name: 'Alpha', installed: true, sizeBytes: 3e8, tokensPerSecond: estimate(30) }),
  prediction({ id: 'untold', name: 'Beta', sizeBytes: null, memory: null, tokensPerSecond: estimate(40) }),
];
const ids = (order: Order): readonly string[] => listedPredictions(ROWS, 'all', order).map(({ id }) => id);

describe('the list of models', () => {
  it('has what fits first, else in the order in which it came', () => {
    expect(ids('fits')).toEqual(['here', 'untold', 'tight', 'big']);
  });

  it('can be ordered otherwise; what is not known comes last', () => {
    expect(ids('speed')).toEqual(['untold', 'here', 'big', 'tight']);
    expect(ids('size')).toEqual(['here', 'tight', 'big', 'untold']);
    expect(ids('name')).toEqual(['here', 'untold', 'tight', 'big']);
  });

  it('can be narrowed, and says how many there are', () => {
    expect(listedPredictions(ROWS, 'here', 'fits').map(({ id }) => id)).toEqual(['here']);
    expect(listedPredictions(ROWS, 'fits', 'fits')).toHaveLength(3);
    expect(counts(ROWS)).toEqual({ all: 4, fits: 3, here: 1 });
  });

  it('knows the models that need a card which is not there', () => {
    expect(predictReport().models.filter(needsCard)).toHaveLength(161);
    expect(ROWS.filter(needsCard)).toEqual([]);
  });
});
