import { expect, it } from 'vitest';
import { Seat } from '../../../src/council/seat.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { present } from '#kernel/assert';

it('a result that overtakes its stream still knows when the first token came', () => {
  const clock = new VirtualClock();
  const seat = new Seat(present(scriptedMembers(clock, [{}])[0], 'a member'), clock);
  seat.start();
  seat.accept({
    text: '7',
    finish: 'stop',
    promptTokens: 10,
    completionTokens: 1,
    timeToFirstTokenMs: 12,
    prefillTokensPerSecond: null,
    decodeTokensPerSecond: null,
    durationMs: 13,
  });
  seat.end('answered');
  // Before: null, because result and chunks travel by two ports and the chunk was not here yet.
  expect(seat.outcome()).toMatchObject({ ttftMs: 12, answer: '7' });
});
