import { expect, it } from 'vitest';
import { ok } from '#kernel/result';
import type { MemberManner } from '#contracts/council';
import { NO_METRICS } from '#contracts/metrics';
import { Council } from '../../../src/council/council.ts';
import { openRound } from '../../../src/council/open-round.ts';
import { ABSTAIN } from '../../fakes/played-round.ts';
import { scriptedMembers, type Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const TINY: MemberManner = {
  system: null,
  freeAnswerTokens: 112,
  promptLimit: 20,
  softDeadlineMs: 10_000,
  hardDeadlineMs: 30_000,
};
const GENERAL: MemberManner = { ...TINY, promptLimit: 100, softDeadlineMs: 40_000, hardDeadlineMs: 90_000 };

function setUp(members: readonly { readonly script: Script; readonly manner: MemberManner }[]) {
  const clock = new VirtualClock();
  const scripted = scriptedMembers(
    clock,
    members.map(({ script }) => script),
  );
  const ready = scripted.map((member, index) => ({ ...member, manner: members[index]?.manner ?? TINY }));
  const council = new Council({
    rounds: () => Promise.resolve(openRound),
    clock,
    metrics: NO_METRICS,
    emit: () => undefined,
    roster: () => Promise.resolve(ok({ ready, absent: [] })),
    watchFrames: () => () => null,
    newId: () => 'round',
    abstain: () => ABSTAIN,
    promptLimit: () => Math.max(...ready.map(({ manner }) => manner.promptLimit)),
  });
  const pass = async (forMs: number): Promise<void> => {
    await turn();
    for (let passed = 0; passed < forMs; passed += 1000) {
      clock.advance(1000);
      await turn();
    }
  };
  return { council, pass };
}

it('a question too long for one member is answered by those that can read it, and the record says who could not', async () => {
  const { council, pass } = setUp([
    { script: { says: '1' }, manner: TINY },
    { script: { says: 'blue' }, manner: GENERAL },
  ]);
  const asked = council.ask(NEVER, 'Which colour has the sky on a clear day?');
  await pass(2000);
  expect(await asked).toMatchObject({
    value: {
      answer: 'blue',
      members: [
        { id: 'b', status: 'answered' },
        { id: 'a', status: 'failed', error: 'context-exceeded' },
      ],
    },
  });
});

it('a question too long for everybody who is asked is refused with their limit', async () => {
  const { council, pass } = setUp([
    { script: { says: '1' }, manner: TINY },
    { script: { says: 'blue' }, manner: GENERAL },
  ]);
  const asked = council.ask(NEVER, 'Which colour has the sky?', { members: ['a'] });
  await pass(0);
  expect(await asked).toMatchObject({ error: { code: 'prompt-too-long', details: { limit: 20 } } });
});

it('waits as long as its slowest member may take, and not longer', async () => {
  const { council, pass } = setUp([
    { script: { says: 'blue', atMs: 60_000 }, manner: GENERAL },
    { script: { hangs: true }, manner: TINY },
  ]);
  const asked = council.ask(NEVER, 'Which colour?');
  await pass(91_000);
  expect(await asked).toMatchObject({
    value: { answer: 'blue', wallMs: 90_000, members: [{ status: 'answered' }, { status: 'timeout' }] },
  });
});
