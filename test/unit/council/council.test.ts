import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { AbsentMember, CouncilMember, RoundEvent } from '#contracts/council';
import type { AskOptions, Deliberation, FrameSummary } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { MetricId } from '#contracts/metrics';
import { Council, type CouncilPorts } from '../../../src/council/council.ts';
import { openRound } from '../../../src/council/open-round.ts';
import { ABSTAIN } from '../../fakes/played-round.ts';
import { scriptedEngine, scriptedMembers, type Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const FRAMES: FrameSummary = { count: 6, p50: 16.7, p95: 17, p99: 18, longest: 18 };
const NEVER = new AbortController().signal;

function setUp(scripts: readonly Script[], ports: Partial<CouncilPorts> = {}) {
  const clock = new VirtualClock();
  const members = scriptedMembers(clock, scripts);
  const events: RoundEvent[] = [];
  const gauges = new Map<MetricId, number>();
  let ids = 0;
  const council = new Council({
    rounds: () => Promise.resolve(openRound),
    clock,
    metrics: {
      add: (id, delta) => gauges.set(id, (gauges.get(id) ?? 0) + delta),
      set: (id, value) => gauges.set(id, value),
    },
    emit: (event) => events.push(event),
    roster: () => Promise.resolve(ok({ ready: members, absent: [] })),
    watchFrames: () => () => FRAMES,
    newId: () => `round-${String((ids += 1))}`,
    abstain: () => ABSTAIN,
    promptLimit: () => 40,
    ...ports,
  });
  const pass = async (forMs: number): Promise<void> => {
    await turn();
    for (let passed = 0; passed < forMs; passed += 10) {
      clock.advance(10);
      await turn();
    }
  };
  /** Asks and collects the outcome, so that time can be moved meanwhile. */
  const ask = (prompt: string, signal: AbortSignal = NEVER, options?: AskOptions) => {
    const asked: { outcome: Outcome<Deliberation> | null } = { outcome: null };
    void council.ask(signal, prompt, options).then((outcome) => {
      asked.outcome = outcome;
    });
    return asked;
  };
  return { clock, members, council, events, gauges, pass, ask };
}

const codeOf = (asked: { outcome: Outcome<Deliberation> | null }): string | null => {
  if (asked.outcome === null) return null;
  return asked.outcome.ok ? 'ok' : asked.outcome.error.code;
};

describe('what is no question', () => {
  it.each(['', '   ', '\n\t'])('refuses %j', async (prompt) => {
    const { ask, pass, events } = setUp([{ says: '1' }]);
    const asked = ask(prompt);
    await pass(0);
    expect(codeOf(asked)).toBe('prompt-empty');
    expect(events).toEqual([]);
  });

  it('refuses what is longer than the limit, with the figures', async () => {
    const { ask, pass } = setUp([{ says: '1' }]);
    const fits = ask('x'.repeat(40));
    const tooLong = ask('x'.repeat(41));
    await pass(50);
    expect(codeOf(fits)).toBe('ok');
    expect(tooLong.outcome).toEqual(err(failure('prompt-too-long', { characters: 41, limit: 40 })));
  });

  it('counts the question as it is asked, not its blanks', async () => {
    const { ask, pass, members } = setUp([{ says: '1' }]);
    const asked = ask(`  what   is\n\n1 + 1?${' '.repeat(60)}`);
    await pass(50);
    expect(codeOf(asked)).toBe('ok');
    expect(scriptedEngine(members[0]).requests[0]?.prompt).toBe('what is 1 + 1?');
  });
});

describe('one round', () => {
  it('returns the record with the frames of the round, and tells it last', async () => {
    const { ask, pass, events, gauges } = setUp([{ says: '2' }, { says: '2' }]);
    const asked = ask('1 + 1', NEVER, { seed: 99 });
    await pass(50);
    expect(asked.outcome).toMatchObject({
      ok: true,
      value: { id: 'round-1', answer: '2', frames: FRAMES, seed: 99 },
    });
    expect(events.at(-1)).toMatchObject({ type: 'round-ended', roundId: 'round-1' });
    expect(gauges.get('rounds')).toBe(1);
    expect(gauges.get('queueDepth')).toBe(0);
  });

  it('asks only the members wanted', async () => {
    const { ask, pass, members } = setUp([{ says: '2' }, { says: '3' }]);
    const asked = ask('1 + 1', NEVER, { members: ['b'] });
    await pass(50);
    expect(asked.outcome).toMatchObject({ value: { answer: '3', members: [{ id: 'b' }] } });
    expect(scriptedEngine(members[0]).requests).toHaveLength(0);
  });

  it('refuses weights and a casting vote of members that are not there', async () => {
    const { ask, pass } = setUp([{ says: '2' }]);
    for (const options of [{ weights: { zebra: 2 } }, { chairman: 'zebra' }]) {
      const asked = ask('1 + 1', NEVER, options);
      await pass(50);
      expect(asked.outcome).toEqual(err(failure('member-unknown', { member: 'zebra' })));
    }
  });

  it('refuses an instruction that is too long, before anybody is asked', async () => {
    const { ask, pass, members } = setUp([{ says: '2' }]);
    const asked = ask('1 + 1', NEVER, { instructions: { review: 'x'.repeat(2001) } });
    await pass(50);
    expect(asked.outcome).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(scriptedEngine(members[0]).requests).toHaveLength(0);
    const read = ask('1 + 1', NEVER, { instructions: { review: 'x'.repeat(2000), chairman: ' ' } });
    await pass(50);
    expect(read.outcome).toMatchObject({ ok: true });
  });

  it('refuses an unknown member', async () => {
    const { ask, pass, events } = setUp([{ says: '2' }]);
    const asked = ask('1 + 1', NEVER, { members: ['a', 'zebra'] });
    await pass(50);
    expect(asked.outcome).toEqual(err(failure('member-unknown', { member: 'zebra' })));
    expect(events).toEqual([]);
  });

  it('takes deadlines and grace from the options', async () => {
    const { ask, pass } = setUp([{ hangs: true }, { says: '2' }]);
    const asked = ask('1 + 1', NEVER, { hardDeadlineMs: 100, softDeadlineMs: 50, quorum: 1 });
    await pass(110);
    expect(asked.outcome).toMatchObject({ value: { outcome: 'partial', decidedMs: 50, wallMs: 100 } });
  });

  it('passes on why there is no council', async () => {
    const problem = failure('council-unavailable', { cause: 'model-invalid' });
    const { ask, pass } = setUp([], { roster: () => Promise.resolve(err(problem)) });
    const asked = ask('1 + 1');
    await pass(0);
    expect(asked.outcome).toEqual(err(problem));
  });

  it('stops one member, or all', async () => {
    const { ask, pass, council } = setUp([{ hangs: true }, { hangs: true }]);
    council.stop(); // nothing runs: nothing happens
    const asked = ask('1 + 1');
    await pass(20);
    council.stop('a');
    await pass(20);
    expect(asked.outcome).toBeNull();
    council.stop();
    await pass(0);
    expect(asked.outcome).toMatchObject({ ok: true, value: { outcome: 'stopped', wallMs: 40 } });
  });

  it('is stopped by its signal, and leaves no listener on it', async () => {
    const { ask, pass } = setUp([{ hangs: true }]);
    const controller = new AbortController();
    const asked = ask('1 + 1', controller.signal);
    await pass(20);
    controller.abort();
    await pass(0);
    expect(asked.outcome).toMatchObject({ ok: true, value: { outcome: 'stopped' } });
  });
});

describe('the queue', () => {
  it('runs one round at a time, in the order of the questions', async () => {
    const { ask, pass, events, members } = setUp([{ says: '2', atMs: 100 }]);
    const asked = [ask('1 + 1'), ask('2 + 2'), ask('3 + 3')];
    await pass(50);
    expect(scriptedEngine(members[0]).requests).toHaveLength(1);
    await pass(300);
    expect(asked.map(codeOf)).toEqual(['ok', 'ok', 'ok']);
    const order = events.flatMap((event) =>
      event.type === 'round-started' || event.type === 'round-ended'
        ? [`${event.type} ${event.roundId}`]
        : [],
    );
    expect(order).toEqual([1, 2, 3].flatMap((n) => [`round-started round-${n}`, `round-ended round-${n}`]));
  });

  it('refuses the ninth that would have to wait, and takes questions again later', async () => {
    const { ask, pass, gauges } = setUp([{ says: '2', atMs: 100 }]);
    const running = ask('1 + 1');
    await pass(0);
    const waiting = Array.from({ length: 8 }, () => ask('1 + 1'));
    const refused = ask('1 + 1');
    await pass(0);
    expect(refused.outcome).toEqual(err(failure('queue-full', { limit: 8 })));
    expect(gauges.get('queueDepth')).toBe(8);
    await pass(1000);
    expect([running, ...waiting].map(codeOf)).toEqual(Array.from({ length: 9 }, () => 'ok'));
    expect(gauges.get('queueDepth')).toBe(0);
    const again = ask('1 + 1');
    await pass(200);
    expect(codeOf(again)).toBe('ok');
  });

  it('goes on after a round that could not begin', async () => {
    let calls = 0;
    const clock = new VirtualClock();
    const members: readonly CouncilMember[] = scriptedMembers(clock, [{ says: '2', atMs: 0 }]);
    const { ask, pass } = setUp([], {
      clock,
      roster: () => {
        calls += 1;
        return calls === 1
          ? Promise.reject(new Error('broken port'))
          : Promise.resolve(ok({ ready: members, absent: [] }));
      },
    });
    const first = ask('1 + 1');
    const second = ask('1 + 1');
    for (let step = 0; step < 5; step += 1) {
      await pass(0);
      clock.advance(10);
    }
    expect(codeOf(first)).toBe('internal');
    expect(codeOf(second)).toBe('ok');
  });
});

describe('a member on a server', () => {
  const withRemote = (clock: VirtualClock): Partial<CouncilPorts> => ({
    clock,
    roster: () => {
      const [here, there] = scriptedMembers(clock, [{ says: '2' }, { says: '2' }]);
      if (here === undefined || there === undefined) throw new Error('two members');
      return Promise.resolve(ok({ ready: [here, { ...there, backend: 'remote' as const }], absent: [] }));
    },
  });
  const askedIds = async (options?: AskOptions): Promise<unknown> => {
    const clock = new VirtualClock();
    const { ask, events } = setUp([], withRemote(clock));
    const asked = ask('1 + 1', NEVER, options);
    for (let step = 0; step < 20; step += 1) {
      await turn();
      clock.advance(10);
    }
    expect(asked.outcome).not.toBeNull();
    const begun = events.find((event) => event.type === 'round-started');
    return begun?.members ?? codeOf(asked);
  };

  it('is not asked unless this question is allowed to leave the device', async () => {
    expect(await askedIds()).toEqual(['a']);
    expect(await askedIds({ allowRemote: true })).toEqual(['a', 'b']);
    expect(await askedIds({ allowRemote: false, members: ['a', 'b'] })).toEqual(['a']);
  });

  it('is asked only if it is one of those that the user has named', async () => {
    expect(await askedIds({ allowRemote: ['b'] })).toEqual(['a', 'b']);
    expect(await askedIds({ allowRemote: ['another'] })).toEqual(['a']);
    expect(await askedIds({ allowRemote: [] })).toEqual(['a']);
  });

  it('is not asked behind the back of a user who names it alone', async () => {
    expect(await askedIds({ members: ['b'] })).toBe('consent-required');
    expect(await askedIds({ members: ['b'], allowRemote: true })).toEqual(['b']);
  });
});

describe('a member that could not be loaded', () => {
  const ABSENT: AbsentMember = {
    id: 'z',
    name: 'Zelkova',
    engine: 'wllama',
    backend: 'cpu',
    error: 'model-invalid',
  };
  const withAbsent = (clock: VirtualClock, scripts: readonly Script[]): Partial<CouncilPorts> => ({
    clock,
    roster: () => Promise.resolve(ok({ ready: scriptedMembers(clock, scripts), absent: [ABSENT] })),
  });
  const played = async (scripts: readonly Script[], options?: AskOptions): Promise<Outcome<Deliberation>> => {
    const clock = new VirtualClock();
    const { ask } = setUp([], withAbsent(clock, scripts));
    const asked = ask('1 + 1', NEVER, options);
    for (let step = 0; step < 20; step += 1) {
      await turn();
      clock.advance(10);
    }
    if (asked.outcome === null) throw new Error('the round did not end');
    return asked.outcome;
  };

  it('is on record as failed, with its reason, and named as missing', async () => {
    const record = await played([{ says: '2' }, { says: '2' }]);
    expect(record).toMatchObject({ value: { outcome: 'decided', answer: '2', missing: ['z'] } });
    expect(record.ok && record.value.members.at(-1)).toMatchObject({
      id: 'z',
      status: 'failed',
      error: 'model-invalid',
    });
  });

  it('leaves a result open that its vote could have changed', async () => {
    expect(await played([{ says: '2' }, { says: '3' }])).toMatchObject({
      value: { outcome: 'partial', missing: ['z'] },
    });
    expect(await played([{ says: '2' }])).toMatchObject({ value: { outcome: 'partial', missing: ['z'] } });
  });

  it('is no stranger when asked for by name, but cannot answer alone', async () => {
    expect(await played([{ says: '2' }], { members: ['z'] })).toMatchObject({
      error: { code: 'council-unavailable', details: { cause: 'model-invalid' } },
    });
    expect(await played([{ says: '2' }], { members: ['a'] })).toMatchObject({
      value: { outcome: 'decided', missing: [] },
    });
  });
});

describe('a measurement', () => {
  it('runs between rounds, and holds later questions back', async () => {
    const { ask, pass, council, events } = setUp([{ says: '2', atMs: 100 }]);
    const before = ask('1 + 1');
    await pass(0);
    const order: string[] = [];
    let finish: () => void = () => undefined;
    const measured = council.exclusively<string>(NEVER, () => {
      order.push(
        `begins after ${String(events.filter((event) => event.type === 'round-ended').length)} rounds`,
      );
      return new Promise((resolve) => {
        finish = () => {
          resolve(ok('figures'));
        };
      });
    });
    const after = ask('2 + 2');
    await pass(300);
    expect(codeOf(before)).toBe('ok');
    expect(order).toEqual(['begins after 1 rounds']);
    expect(after.outcome).toBeNull();
    finish();
    expect(await measured).toEqual(ok('figures'));
    await pass(200);
    expect(codeOf(after)).toBe('ok');
  });

  it('gives its turn back when it breaks, and can be given up while it waits', async () => {
    const { ask, pass, council } = setUp([{ says: '2', atMs: 100 }]);
    await expect(council.exclusively(NEVER, () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    const asked = ask('1 + 1');
    const controller = new AbortController();
    const waiting = council.exclusively(controller.signal, () => Promise.resolve(ok(1)));
    await pass(0);
    controller.abort();
    expect(await waiting).toMatchObject({ error: { code: 'cancelled' } });
    await pass(200);
    expect(codeOf(asked)).toBe('ok');
  });
});
