import { expect, it } from 'vitest';
import { ok } from '#kernel/result';
import { NO_METRICS } from '#contracts/metrics';
import { Council } from '../../../src/council/council.ts';
import { openRound } from '../../../src/council/open-round.ts';
import { ABSTAIN } from '../../fakes/played-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

function setUp() {
  const clock = new VirtualClock();
  const members = scriptedMembers(clock, [{ says: '1', atMs: 20 }]);
  const council = new Council({
    rounds: () => Promise.resolve(openRound),
    clock,
    metrics: NO_METRICS,
    emit: () => undefined,
    roster: () => Promise.resolve(ok({ ready: members, absent: [] })),
    watchFrames: () => () => null,
    newId: () => 'round',
    abstain: () => ABSTAIN,
    promptLimit: () => 40,
  });
  const stopped: string[] = [];
  /** Goes on until it is told to stop, and takes its time to end. */
  const endless = (name: string): void => {
    void council.spare(
      (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => stopped.push(name));
        }),
    );
  };
  /** Time passes until the question is answered. */
  const ask = async (prompt = '1?'): Promise<boolean> => {
    let answered: boolean | null = null;
    void council.ask(NEVER, prompt).then((outcome) => {
      answered = outcome.ok;
    });
    for (let ms = 0; answered === null && ms < 1_000; ms += 10) {
      clock.advance(10);
      await turn();
    }
    return answered ?? false;
  };
  return { council, stopped, endless, ask };
}

it('gives way to a question at once, which waits for no end of it', async () => {
  const { stopped, endless, ask } = setUp();
  endless('reading');
  const asked = ask();
  expect(stopped).toEqual(['reading']);
  expect(await asked).toBe(true);
});

it('gives way to a measurement, and is not begun while one or a round runs', async () => {
  const { council, stopped, endless, ask } = setUp();
  endless('reading');
  let end: () => void = () => undefined;
  const measured = council.exclusively<null>(
    NEVER,
    () =>
      new Promise((resolve) => {
        end = () => {
          resolve(ok(null));
        };
      }),
  );
  expect(stopped).toEqual(['reading']);
  let begun = 0;
  const count = (): Promise<void> => {
    begun += 1;
    return Promise.resolve();
  };
  await council.spare(count);
  end();
  await measured;
  const asked = ask();
  await council.spare(count);
  expect(begun).toBe(0);
  expect(await asked).toBe(true);
  await council.spare(count);
  expect(begun).toBe(1);
});

it('is no matter of questions that are refused', async () => {
  const { stopped, endless, ask } = setUp();
  endless('reading');
  expect(await ask('')).toBe(false);
  expect(await ask('x'.repeat(41))).toBe(false);
  expect(stopped).toEqual([]);
});
