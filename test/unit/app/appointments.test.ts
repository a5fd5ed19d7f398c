import { beforeEach, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MemberChoice } from '#contracts/settings';
import type { StarterCouncil } from '#contracts/starter';
import { Appointments } from '../../../src/app/appointments.ts';
import { chosenAppointment, type FurtherSpecs } from '../../../src/app/chosen-appointment.ts';
import type { MemberSpec } from '../../../src/resources/member-spec.ts';
import { starterMember } from '../../fakes/manual-engine.ts';
import { unavailableMember } from '../../../src/app/unavailable-member.ts';
import { OAK_MEMBER } from '../resources/ladders.ts';

const NEVER = new AbortController().signal;
const ABOUT: StarterCouncil = {
  schema: 'witan.starter-council',
  version: 1,
  generated: '',
  abstain: 'I cannot answer that.',
  members: ['alder', 'birch', 'cedar'].map(starterMember),
};

let chosen: Outcome<readonly MemberChoice[] | null>;
let choosing: () => Promise<typeof chosen>;
let fetched: number;
let further: () => Promise<FurtherSpecs>;

beforeEach(() => {
  chosen = ok(null);
  choosing = () => Promise.resolve(chosen);
  fetched = 0;
  further = () =>
    Promise.resolve({
      specs: () => Promise.resolve(ok<readonly MemberSpec[]>([OAK_MEMBER])),
      deadlyRungs: () => Promise.resolve(new Map([['oak', ['gpu-f16']]])),
    });
});

const appointed = () =>
  new Appointments({
    chosen: () => choosing(),
    further: async () => {
      fetched += 1;
      const specs = await further();
      return {
        appointment: (signal, choices, starters) => chosenAppointment(signal, choices, starters, specs),
      };
    },
    urlOf: (file) => `https://page/starter/${file}`,
    threads: () => 8,
  }).members(NEVER, ABOUT);

const idsOf = (appointment: Awaited<ReturnType<typeof appointed>>): readonly string[] | null =>
  appointment.ok ? appointment.value.specs.map(({ id }) => id) : null;

it('where nothing was chosen it is the bundled council, which shares the threads', async () => {
  const appointment = await appointed();
  expect(idsOf(appointment)).toEqual(['alder', 'birch', 'cedar']);
  expect(appointment.ok && appointment.value.specs[0]?.rungs[0].load.threads).toBe(2);
  expect(fetched).toBe(0);
});

it('settings that cannot be read leave the bundled council', async () => {
  chosen = err(failure('record-invalid', { path: 'version', problem: 'unknown' }));
  expect(idsOf(await appointed())).toEqual(['alder', 'birch', 'cedar']);
});

it('seats whom the user chose, in that order, each with its share of the threads', async () => {
  chosen = ok([
    { engine: 'web-llm', id: 'oak' },
    { engine: 'starter', id: 'cedar' },
    { engine: 'starter', id: 'alder' },
  ]);
  const appointment = await appointed();
  expect(idsOf(appointment)).toEqual(['oak', 'cedar', 'alder']);
  expect(appointment.ok && appointment.value.specs[1]?.rungs[0].load.threads).toBe(4);
  expect(appointment.ok && appointment.value.deadlyRungs?.get('oak')).toEqual(['gpu-f16']);
});

it('leaves out what exists no more', async () => {
  chosen = ok([
    { engine: 'starter', id: 'zebra' },
    { engine: 'web-llm', id: 'gone' },
    { engine: 'web-llm', id: 'oak' },
  ]);
  expect(idsOf(await appointed())).toEqual(['oak']);
});

it('falls back to the bundled council when nobody chosen exists any more', async () => {
  chosen = ok([{ engine: 'starter', id: 'zebra' }]);
  expect(idsOf(await appointed())).toEqual(['alder', 'birch', 'cedar']);
  chosen = ok([{ engine: 'web-llm', id: 'gone' }]);
  expect(idsOf(await appointed())).toEqual(['alder', 'birch', 'cedar']);
});

it('code that cannot be fetched is a typed failure', async () => {
  further = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));
  chosen = ok([{ engine: 'web-llm', id: 'oak' }]);
  expect(await appointed()).toMatchObject({ error: { code: 'engine-unavailable' } });
});

it('a choice that cannot even be read leaves the bundled council, for now', async () => {
  choosing = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));
  const appointment = await appointed();
  expect(idsOf(appointment)).toEqual(['alder', 'birch', 'cedar']);
  expect(appointment).toMatchObject({ value: { incomplete: true } });
});

it('a seat of which nothing can be learnt now is shown as such, and looked up again', async () => {
  chosen = ok([{ engine: 'web-llm', id: 'oak' }]);
  const unavailable = unavailableMember(
    { engine: 'web-llm', id: 'oak' },
    failure('model-fetch-failed', { model: 'the catalogue' }),
  );
  further = () =>
    Promise.resolve({
      specs: () => Promise.resolve(ok([unavailable])),
      deadlyRungs: () => Promise.resolve(new Map()),
    });
  expect(await appointed()).toMatchObject({
    value: { specs: [{ id: 'oak', unavailable: { code: 'model-fetch-failed' } }], incomplete: true },
  });
});

it('a seat that is named twice is one seat', async () => {
  chosen = ok([
    { engine: 'starter', id: 'cedar' },
    { engine: 'web-llm', id: 'oak' },
    { engine: 'starter', id: 'cedar' },
    { engine: 'web-llm', id: 'oak' },
  ]);
  const appointment = await appointed();
  expect(idsOf(appointment)).toEqual(['cedar', 'oak']);
  // The only starter has all threads.
  expect(appointment.ok && appointment.value.specs[0]?.rungs[0].load.threads).toBe(8);
});

it('is given up with the page that asked', async () => {
  chosen = ok([{ engine: 'web-llm', id: 'oak' }]);
  further = () =>
    Promise.resolve({
      specs: () => Promise.resolve(err(failure('cancelled'))),
      deadlyRungs: () => Promise.resolve(new Map()),
    });
  expect(await appointed()).toMatchObject({ error: { code: 'cancelled' } });
});
