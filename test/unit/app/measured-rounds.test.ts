import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { Calibration } from '#contracts/calibration';
import type { MemberView } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import { MeasuredRounds } from '../../../src/app/measured-rounds.ts';
import { replay } from '../../../src/council/replay.ts';
import { calibrationOf } from '../../fakes/calibrations.ts';
import { memberView } from '../../fakes/port-data.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { settled } from '../../fakes/settled.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const VIEWS = ['a', 'b'].map((id) => memberView(id, { backend: 'cpu' }));

/** A tie of two, of which the second was the better one when it was made. */
async function asked(
  latest: () => Promise<Outcome<Calibration | null>>,
  views: readonly MemberView[] = VIEWS,
  prompt = 'What is 1 + 2?',
): Promise<Deliberation> {
  const clock = new VirtualClock();
  const rounds = new MeasuredRounds({ calibration: { latest }, members: () => views });
  const open = rounds.rounds();
  await turn();
  const members = scriptedMembers(clock, [{ says: '3' }, { says: '4' }]);
  const { round, complete } = open(
    { id: 'r', prompt, members, absent: [], abstain: 'No.' },
    {},
    clock,
    () => undefined,
  );
  return { ...complete(await settled(clock, round.run())), frames: null };
}

const accuracies = ({ members }: Deliberation): readonly (number | undefined)[] =>
  members.map(({ accuracy }) => accuracy);

describe('MeasuredRounds', () => {
  it('breaks ties by what was measured here, writes it down, and the record is decided the same again', async () => {
    const plain = await asked(() => Promise.resolve(ok(null)));
    expect(plain).toMatchObject({ outcome: 'tied', key: '4' });
    const measured = await asked(() => Promise.resolve(ok(calibrationOf(VIEWS))));
    expect(measured).toMatchObject({ outcome: 'tied', key: '3' });
    expect(accuracies(measured)).toEqual([0.9, 0.8]);
    expect(replay(measured)).toMatchObject({ ok: true, value: { differences: [] } });
  });

  it('goes by questions of the same kind', async () => {
    const kinds = {
      byKind: { number: { total: 50, correct: 10 }, word: { total: 50, correct: 50 } },
      accuracy: 0.6,
    };
    const calibration = calibrationOf(VIEWS.slice(0, 1), kinds);
    const [accuracy] = accuracies(await asked(() => Promise.resolve(ok(calibration))));
    expect(accuracy).toBeCloseTo((10 + 10 * 0.6) / 60);
  });

  it('leaves members as they are that were not measured, or are others by now', async () => {
    const known = accuracies(await asked(() => Promise.resolve(ok(null))));
    const [first, second] = VIEWS;
    if (first === undefined || second === undefined) throw new Error('two members');
    const other = [{ ...first, parameters: 1 }, second];
    const some = await asked(() => Promise.resolve(ok(calibrationOf(VIEWS))), other);
    expect(accuracies(some)).toEqual([known[0], 0.8]);
  });

  it.each([
    ['never comes', () => new Promise<never>(() => undefined)],
    ['cannot be read', () => Promise.resolve(err(failure('storage-failed')))],
    ['throws', () => Promise.reject(new Error('no code'))],
  ])('waits for nothing that %s', async (_what, latest) => {
    expect(await asked(latest)).toMatchObject({ outcome: 'tied', key: '4' });
  });

  it('asks for enough questions, and goes by what came last', async () => {
    const wanted: (number | undefined)[] = [];
    const found = [calibrationOf(VIEWS)];
    const rounds = new MeasuredRounds({
      calibration: {
        latest: (_split, least) => {
          wanted.push(least);
          return Promise.resolve(ok(found.shift() ?? null));
        },
      },
      members: () => VIEWS,
    });
    rounds.rounds();
    rounds.rounds();
    expect(wanted).toEqual([20, 20]);
  });
});
