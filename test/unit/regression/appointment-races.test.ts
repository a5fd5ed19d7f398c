import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { NO_METRICS } from '#contracts/metrics';
import { failure, type Outcome } from '#contracts/errors';
import { openRound } from '../../../src/council/open-round.ts';
import { CouncilService, type Appointment } from '../../../src/app/council-service.ts';
import { starterMembers } from '../../../src/app/starter-members.ts';
import { StarterCatalogue } from '../../../src/app/starter-catalogue.ts';
import { ManualEngine, starterMember } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { dispatchOf } from '../../fakes/dispatch.ts';

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));

const NEVER = new AbortController().signal;
const ABOUT = {
  schema: 'witan.starter-council',
  version: 1,
  generated: '',
  abstain: 'I cannot answer that.',
  members: ['alder', 'birch'].map(starterMember),
} as const;

/** Looking up who was chosen, settled by the test. A real one ends on abort. */
interface LookUp {
  readonly settle: (found: Outcome<Appointment>) => void;
  readonly crash: (thrown: unknown) => void;
}

let lookUps: LookUp[];
let service: CouncilService;

beforeEach(() => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(ABOUT)));
  lookUps = [];
  const clock = new VirtualClock();
  service = new CouncilService({
    rounds: () => Promise.resolve(openRound),
    dispatch: dispatchOf(clock),
    clock,
    metrics: NO_METRICS,
    catalogue: new StarterCatalogue('https://page/'),
    launch: (memberId, onLost) => new ManualEngine(memberId, onLost),
    appointment: (signal) =>
      new Promise((resolve, reject) => {
        lookUps.push({ settle: resolve, crash: reject });
        signal.addEventListener('abort', () => {
          resolve(err(failure('cancelled')));
        });
      }),
    watchFrames: () => () => null,
    keep: () => Promise.resolve(),
    onBusy: () => undefined,
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const seat = (...ids: readonly string[]): Outcome<Appointment> =>
  ok({
    specs: starterMembers({ ...ABOUT, members: ids.map(starterMember) }, (file) => `https://page/${file}`, 1),
  });
const seated = (): readonly string[] => service.members().map(({ id }) => id);

it('a page that is left while the council is looked up does not cancel the question of another', async () => {
  const leaving = new AbortController();
  const page = service.about(leaving.signal);
  await turn();
  const question = service.about(NEVER);
  await turn();
  leaving.abort();
  expect(await page).toMatchObject({ error: { code: 'cancelled' } });
  await turn();
  lookUps.at(-1)?.settle(seat('alder'));
  // Before: the question ended as "Stopped", though nobody had stopped it.
  expect(await question).toMatchObject({ ok: true });
  expect(seated()).toEqual(['alder']);
});

it('who joined a look-up leaves it at once on abort', async () => {
  void service.about(NEVER);
  await turn();
  const leaving = new AbortController();
  const left = service.about(leaving.signal);
  await turn();
  leaving.abort();
  expect(await left).toMatchObject({ error: { code: 'cancelled' } });
});

it('a look-up that was overtaken by other choices seats nobody', async () => {
  const early = service.about(NEVER);
  await turn();
  const chosen = service.reappoint(NEVER);
  await turn();
  expect(lookUps).toHaveLength(2);
  lookUps[1]?.settle(seat('birch'));
  expect(await chosen).toEqual(ok(null));
  lookUps[0]?.settle(seat('alder', 'birch'));
  // Before: the seats of before the change came back, and the chosen ones were thrown out.
  expect(await early).toMatchObject({ ok: true });
  expect(seated()).toEqual(['birch']);
});

it('a look-up that crashes is a failure, and the next who asks tries again', async () => {
  const first = service.about(NEVER);
  await turn();
  lookUps[0]?.crash(new TypeError('Failed to fetch dynamically imported module'));
  expect(await first).toMatchObject({ error: { code: 'internal' } });
  // Before: the rejected promise was kept, and there was no council any more until the page was reloaded.
  const second = service.about(NEVER);
  await turn();
  lookUps[1]?.settle(seat('alder'));
  expect(await second).toMatchObject({ ok: true });
});

it('a council that is not all there is completed by the next who asks', async () => {
  const first = service.about(NEVER);
  await turn();
  const part = seat('alder');
  lookUps[0]?.settle(part.ok ? ok({ ...part.value, incomplete: true }) : part);
  await first;
  expect(seated()).toEqual(['alder']);
  const second = service.about(NEVER);
  await turn();
  lookUps[1]?.settle(seat('alder', 'birch'));
  await second;
  expect(seated()).toEqual(['alder', 'birch']);
  await service.about(NEVER);
  expect(lookUps).toHaveLength(2);
});

it('a long question that comes before the members are known is judged by what they read', async () => {
  const asked = service.ask(NEVER, 'Why is the sky blue? '.repeat(50));
  await turn();
  const reader = { ...starterMember('alder'), context: 1024 };
  const specs = starterMembers({ ...ABOUT, members: [reader] }, (file) => `https://page/${file}`, 1);
  lookUps[0]?.settle(ok({ specs }));
  await turn();
  // Before: it was refused with the limit of members that nobody had chosen.
  expect(await asked).toMatchObject({
    error: { code: 'prompt-too-long', details: { limit: 1024 - 112 - 4 } },
  });
});
