import { expect, it } from 'vitest';
import { ok } from '#kernel/result';
import { NO_METRICS } from '#contracts/metrics';
import { Council, type CouncilPorts } from '../../../src/council/council.ts';
import { openRound } from '../../../src/council/open-round.ts';
import { ABSTAIN } from '../../fakes/played-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

function councilWith(roster: CouncilPorts['roster']): Council {
  return new Council({
    rounds: () => Promise.resolve(openRound),
    clock: new VirtualClock(),
    metrics: NO_METRICS,
    emit: () => undefined,
    roster,
    watchFrames: () => () => null,
    newId: () => 'round',
    abstain: () => ABSTAIN,
    promptLimit: () => 100,
  });
}

const clock = new VirtualClock();
const HANGING = scriptedMembers(clock, [{ hangs: true }]);

it('a question that waits is given up at once, and makes room', async () => {
  const council = councilWith(() => Promise.resolve(ok({ ready: HANGING, absent: [] })));
  void council.ask(new AbortController().signal, '1 + 1');
  await turn();
  const controllers = Array.from({ length: 8 }, () => new AbortController());
  const waiting = controllers.map((controller) => council.ask(controller.signal, '1 + 1'));
  for (const controller of controllers) controller.abort();
  // Before: each settled only when the running round had ended, and kept its place in the queue until then.
  for (const outcome of await Promise.all(waiting))
    expect(outcome).toMatchObject({ error: { code: 'cancelled' } });
  const next = new AbortController();
  const asked = council.ask(next.signal, '1 + 1');
  next.abort();
  expect(await asked).toMatchObject({ error: { code: 'cancelled' } });
});

it('a stop while the members are still being loaded is heard', async () => {
  const signals: AbortSignal[] = [];
  const council = councilWith((signal) => {
    signals.push(signal);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve(ok({ ready: HANGING, absent: [] }));
      });
    });
  });
  const asked = council.ask(new AbortController().signal, '1 + 1');
  await turn();
  // Before: there was no round yet, so nothing was stopped and the answer came all the same.
  council.stop();
  expect(await asked).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  expect(signals[0]?.aborted).toBe(true);
});

it('a choice of nobody is no round', async () => {
  const council = councilWith(() => Promise.resolve(ok({ ready: HANGING, absent: [] })));
  // Before: a round without members "failed" and was kept in the history.
  expect(await council.ask(new AbortController().signal, '1 + 1', { members: [] })).toMatchObject({
    error: { code: 'council-unavailable' },
  });
});
