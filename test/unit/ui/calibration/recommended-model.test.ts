import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import type { MemberChoice } from '#contracts/settings';
import { recommendedIds, RecommendedModel } from '../../../../src/ui/calibration/recommended-model.svelte.ts';
import { leaveOut } from '../../../../src/ui/calibration/seats-now.ts';
import { calibrationOf } from '../../../fakes/calibrations.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { memberView } from '../../../fakes/port-data.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const { signal } = new AbortController();
const FAR: MemberChoice = { engine: 'remote', id: 'far' };
const seat = (id: string): MemberChoice => ({ engine: 'starter', id });

let ports: FakePorts;
let model: RecommendedModel;

beforeEach(async () => {
  ports = new FakePorts(new VirtualClock());
  model = new RecommendedModel(ports);
  model.connect();
  await turn();
});

const seats = (): readonly MemberChoice[] | null => ports.settings.settings.members;

describe('the recommended council', () => {
  it('takes the seats, and gives them back', async () => {
    expect(model.isCouncil(['alder', 'birch', 'cedar'])).toBe(true);
    await model.use(['cedar', 'alder']);
    expect(seats()).toEqual([seat('cedar'), seat('alder')]);
    expect(model.isCouncil(['alder', 'cedar'])).toBe(true);
    await model.use(['birch', 'alder']);
    await model.goBack();
    // As it was before the first change: nothing chosen.
    expect(seats()).toBeNull();
    expect(model.before).toBeNull();
  });

  it('leaves servers where they are', async () => {
    await ports.settings.choose(signal, [seat('alder'), seat('birch'), FAR]);
    await turn();
    expect(model.isCouncil(['alder', 'birch'])).toBe(true);
    await model.use(['alder', 'cedar']);
    expect(seats()).toEqual([seat('alder'), seat('cedar'), FAR]);
    await model.goBack();
    expect(seats()).toEqual([seat('alder'), seat('birch'), FAR]);
  });

  it('is not taken in part where one of it is not on this device any more', async () => {
    await model.use(['alder', 'gone']);
    expect(model.problem).toMatchObject({ code: 'member-unknown', details: { member: 'gone' } });
    expect(seats()).toBeNull();
    expect(model.before).toBeNull();
  });

  it('says what went wrong, and knows the way back where it holds in this tab', async () => {
    ports.settings.fault = failure('record-invalid');
    await model.use(['alder', 'birch']);
    expect([model.problem?.code, model.before]).toEqual(['record-invalid', null]);
    ports.settings.fault = failure('storage-failed');
    await model.use(['alder', 'birch']);
    expect([model.problem?.code, model.before]).toEqual(['storage-failed', { members: null }]);
    await model.goBack();
    expect(model.before).not.toBeNull();
  });

  it('is one member where no two fit', () => {
    const { recommendation } = calibrationOf(['alder', 'birch'].map((id) => memberView(id)));
    expect(recommendedIds(recommendation)).toEqual(['alder']);
    const council = { members: ['alder', 'birch'], total: 1, correct: 1, accuracy: 1, union: 1 };
    const found = { ...council, ci95: [0, 1] as [number, number], contradiction: 0, objective: 1 };
    expect(recommendedIds({ ...recommendation, councils: [found] })).toEqual(['alder', 'birch']);
  });
});

describe('leaveOut', () => {
  it('takes members off the council, also off the bundled one, and never all', async () => {
    expect(await leaveOut(ports, signal, ['cedar'])).toMatchObject({ ok: true });
    expect(seats()).toEqual([seat('alder'), seat('birch')]);
    await leaveOut(ports, signal, ['alder', 'birch']);
    expect(seats()).toHaveLength(2);
    ports.settings.fault = failure('storage-failed');
    expect(await leaveOut(ports, signal, ['alder'])).toMatchObject({ error: { code: 'storage-failed' } });
  });
});
