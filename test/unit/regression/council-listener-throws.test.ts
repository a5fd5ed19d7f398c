import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import { NO_METRICS } from '#contracts/metrics';
import { openRound } from '../../../src/council/open-round.ts';
import { CouncilService } from '../../../src/app/council-service.ts';
import { starterMembers } from '../../../src/app/starter-members.ts';
import { StarterCatalogue } from '../../../src/app/starter-catalogue.ts';
import { starterMember } from '../../fakes/manual-engine.ts';
import { ScriptedEngine } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { dispatchOf } from '../../fakes/dispatch.ts';

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('a page that breaks on an event does not break the round', async () => {
  const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  vi.stubGlobal('fetch', () =>
    Promise.resolve(
      Response.json({
        schema: 'witan.starter-council',
        version: 1,
        generated: '',
        abstain: 'I cannot answer that.',
        members: [starterMember('alder'), starterMember('birch')],
      }),
    ),
  );
  const clock = new VirtualClock();
  const council = new CouncilService({
    rounds: () => Promise.resolve(openRound),
    dispatch: dispatchOf(clock),
    clock,
    metrics: NO_METRICS,
    catalogue: new StarterCatalogue('https://page/'),
    launch: () => new ScriptedEngine(clock, { says: '85' }),
    appointment: (_signal, about) =>
      Promise.resolve(ok({ specs: starterMembers(about, (file) => `https://page/${file}`, 1) })),
    watchFrames: () => () => null,
    keep: () => Promise.resolve(null),
    onBusy: () => undefined,
  });
  const heard: string[] = [];
  council.subscribe((event) => {
    if (event.type !== 'members-changed') throw new Error('the page broke');
  });
  council.subscribe((event) => heard.push(event.type));
  const asked = council.ask(new AbortController().signal, 'What is 38 + 47?');
  for (let step = 0; step < 20; step += 1) {
    await turn();
    clock.advance(5);
  }
  // Before: the exception of "member-ended" kept the round from ending, and every later question waited behind it.
  expect(await asked).toMatchObject({ ok: true, value: { answer: '85', outcome: 'decided' } });
  expect(heard.at(-1)).toBe('round-ended');
  expect(reported).toHaveBeenCalled();
});
