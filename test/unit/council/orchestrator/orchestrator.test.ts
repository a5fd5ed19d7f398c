import { describe, expect, it } from 'vitest';
import { ok } from '#kernel/result';
import { roundRobin } from '../../../../src/council/orchestrator/balancing-policies.ts';
import {
  asked,
  errorOf,
  OrchestratorRig,
  QUICK,
  textOf,
  type Submitted,
} from '../../../fakes/orchestrator-rig.ts';

const LONG = { firstTokenMs: 10, stepMs: 10, tokens: 100 };
const FAILS_FIRST = { ...QUICK, fails: { code: 'worker-lost', afterTokens: 0 } } as const;

describe('a request', () => {
  it('is answered, by the name of a member or of its model, with its pieces in order', async () => {
    const rig = new OrchestratorRig();
    rig.add('model', [rig.replica('r')], { members: ['ada', 'ben'] });
    const [one, two] = [rig.submit('ada', 'q'), rig.submit('model', 'p')];
    await rig.pass(100);
    expect(textOf(one)).toBe('q.1 q.2 q.3 ');
    expect(one.chunks.map(({ text }) => text).join('')).toBe('q.1 q.2 q.3 ');
    expect(one.starts).toEqual(['r']);
    expect(textOf(two)).toBe('p.1 p.2 p.3 ');
    expect(rig.engine('r').mostAtOnce).toBe(1);
    expect(rig.clock.pending).toBe(0);
    expect(rig.orchestrator.status()).toMatchObject([{ id: 'model', waiting: 0, waitsFor: null }]);
  });

  it('is refused when nobody knows its target, when it was stopped before, and when its time is up already', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r')]);
    const gone = new AbortController();
    gone.abort();
    const request = { target: 'm', generate: asked('q') };
    expect(await rig.orchestrator.submit(gone.signal, request)).toMatchObject({
      error: { code: 'cancelled' },
    });
    const live = new AbortController().signal;
    const late = { ...request, deadlineMs: 0 };
    expect(await rig.orchestrator.submit(live, late)).toMatchObject({ error: { code: 'deadline-exceeded' } });
    const strange = { ...request, target: 'x' };
    expect(await rig.orchestrator.submit(live, strange)).toMatchObject({
      error: { code: 'member-unknown', details: { member: 'x' } },
    });
    expect(rig.engine('r').calls).toHaveLength(0);
    expect(rig.clock.pending).toBe(0);
  });

  it('is refused when the queue is full, with how many wait; the others are told their places', async () => {
    const rig = new OrchestratorRig({ queueLimit: 2 });
    rig.add('m', [rig.replica('r', LONG)]);
    const running = rig.submit('m', 'a');
    const [second, third, refused] = [rig.submit('m', 'b'), rig.submit('m', 'c'), rig.submit('m', 'd')];
    await rig.pass(0);
    expect(refused.outcome).toMatchObject({
      ok: false,
      error: { code: 'queue-full', details: { limit: 2, waiting: 2 } },
    });
    expect(third.places).toEqual([{ position: 1, waitsFor: 'replica' }]);
    second.abort.abort();
    await rig.pass(0);
    expect(third.places.at(-1)).toEqual({ position: 0, waitsFor: 'replica' });
    expect([running.outcome, errorOf(second)]).toEqual([null, 'cancelled']);
  });

  it('ends at its deadline, waiting or running, and its engine is stopped', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', { ...LONG, stopMs: null })]);
    const running = rig.submit('m', 'a', { deadlineMs: 55 });
    const waiting = rig.submit('m', 'b', { deadlineMs: 70 });
    await rig.pass(100);
    expect([running.settledMs, waiting.settledMs]).toEqual([55, 70]);
    expect(running.outcome).toMatchObject({
      error: { code: 'deadline-exceeded', details: { limitMs: 55, phase: 'answer' } },
    });
    expect(waiting.outcome).toMatchObject({ error: { details: { phase: 'queue' } } });
    expect(rig.engine('r').calls.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  it('gives the text so far when it is stopped in the middle, at once, whatever the engine does', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', { ...LONG, stopMs: 500 })]);
    const stopped = rig.submit('m', 'a');
    const next = rig.submit('m', 'b');
    await rig.pass(25);
    stopped.abort.abort();
    await rig.pass(0);
    expect(stopped.outcome).toMatchObject({
      ok: true,
      value: {
        text: 'a.1 a.2 ',
        finish: 'cancelled',
        completionTokens: 2,
        timeToFirstTokenMs: 10,
        durationMs: 25,
      },
    });
    await rig.pass(400);
    expect(rig.order('r')).toEqual(['a']); // the slot is taken until the engine lets go
    await rig.pass(200);
    expect(rig.order('r')).toEqual(['a', 'b']);
    expect(next.outcome).toBeNull();
  });

  it('whose listener throws fails, and no other', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r')]);
    const bad = rig.orchestrator.submit(
      new AbortController().signal,
      { target: 'm', generate: asked('a') },
      {
        onChunk: () => {
          throw new Error('page');
        },
      },
    );
    const start = rig.orchestrator.submit(
      new AbortController().signal,
      { target: 'm', generate: asked('b') },
      {
        onStart: () => {
          throw new Error('page');
        },
      },
    );
    const good = rig.submit('m', 'c');
    await rig.pass(200);
    expect(await bad).toMatchObject({ error: { code: 'internal', cause: 'Error: page' } });
    expect(await start).toMatchObject({ error: { code: 'internal' } });
    expect(textOf(good)).toBe('c.1 c.2 c.3 ');
    expect(rig.order('r')).toEqual(['a', 'c']); // b was never put to an engine
  });

  it('an event listener that throws stops nothing', async () => {
    const rig = new OrchestratorRig();
    rig.events.push = () => {
      throw new Error('page');
    };
    rig.add('m', [rig.replica('r', FAILS_FIRST), rig.replica('s')], { policy: roundRobin() });
    const answered = rig.submit('m', 'a');
    await rig.pass(100);
    expect(textOf(answered)).toBe('a.1 a.2 a.3 ');
  });
});

describe('priorities', () => {
  it('urgent before normal before background, until these have waited', async () => {
    const rig = new OrchestratorRig({ ageStepMs: 100 });
    rig.add('m', [rig.replica('r', { firstTokenMs: 10, stepMs: 10, tokens: 1 })]);
    for (const [prompt, priority] of [
      ['first', 'normal'],
      ['back', 'background'],
      ['normal', 'normal'],
      ['urgent', 'urgent'],
    ] as const)
      rig.submit('m', prompt, { priority });
    await rig.pass(80);
    expect(rig.order('r')).toEqual(['first', 'urgent', 'normal', 'back']);
  });

  it('a background request is not starved by a stream of urgent ones', async () => {
    const rig = new OrchestratorRig({ ageStepMs: 100 });
    rig.add('m', [rig.replica('r', { firstTokenMs: 10, stepMs: 10, tokens: 1 })]);
    rig.submit('m', 'first');
    const background = rig.submit('m', 'back', { priority: 'background' });
    for (let sent = 0; sent < 60; sent += 1) {
      rig.submit('m', `u${String(sent)}`, { priority: 'urgent' });
      await rig.pass(10); // two come for each one that is answered
    }
    // Those of its first 200 ms go before it: twenty, at 20 ms each, and not one more.
    expect(rig.order('r').indexOf('back')).toBe(21);
    expect(background.starts).toHaveLength(1);
  });
});

describe('replicas', () => {
  it('an idle one takes what waits for a busy one', async () => {
    const rig = new OrchestratorRig();
    const slow = { firstTokenMs: 10, stepMs: 10, tokens: 50 };
    rig.add('m', [rig.replica('r', slow), rig.replica('s')], { policy: roundRobin() });
    const all = ['0', '1', '2', '3', '4', '5'].map((prompt) => rig.submit('m', prompt));
    await rig.pass(300);
    // 0, 2 and 4 were to wait for r, which is still at 0.
    expect(rig.order('r')).toEqual(['0']);
    expect(rig.order('s')).toEqual(['1', '3', '5', '2', '4']);
    expect(rig.events.filter(({ type }) => type === 'stolen')).toHaveLength(2);
    expect(all.slice(1).map(textOf)).not.toContain(undefined);
  });

  it('one with an endless stream of its own takes what has waited too long elsewhere', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', { ...QUICK, tokens: 1e6 }), rig.replica('s')], { policy: roundRobin() });
    rig.submit('m', 'endless');
    const own: Submitted[] = [];
    let waits: Submitted | null = null;
    for (let sent = 0; sent < 120; sent += 1) {
      own.push(rig.submit('m', `s${String(sent)}`)); // s in its turn, then r
      const other = rig.submit('m', `r${String(sent)}`);
      waits ??= other;
      await rig.pass(40);
    }
    expect(textOf(waits ?? own[0] ?? rig.submit('m', ''))).toBe('r0.1 r0.2 r0.3 ');
    expect(waits?.settledMs).toBeLessThan(1_200);
  });

  it('a conversation stays where its beginning was read', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r'), rig.replica('s')]);
    const system = 'You are a careful member of a council; answer in one word. '.repeat(3);
    rig.submit('m', 'other');
    rig.submit('m', 'q1', { generate: { system } });
    await rig.pass(100);
    rig.submit('m', 'q2', { generate: { system } });
    await rig.pass(100);
    expect(rig.order('s')).toEqual(['q1', 'q2']);
  });

  it('never runs more answers at once than an engine has slots', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', QUICK, { slots: 3 }), rig.replica('s', QUICK, { slots: 2 })]);
    const all = Array.from({ length: 20 }, (_, sent) => rig.submit('m', String(sent)));
    await rig.pass(1_000);
    expect([rig.engine('r').mostAtOnce, rig.engine('s').mostAtOnce]).toEqual([3, 2]);
    expect(all.map(textOf)).not.toContain(undefined);
  });

  it('does not begin together what may exceed a shared context together, nor let smaller ones by for ever', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', QUICK, { slots: 4, sharedContextTokens: 100 })]);
    for (const [prompt, maxTokens] of [
      ['a', 50],
      ['b', 60],
      ['c', 10],
      ['d', 1_000],
    ] as const)
      rig.submit('m', prompt, { generate: { maxTokens } });
    await rig.pass(0);
    expect(rig.order('r')).toEqual(['a']);
    await rig.pass(40);
    expect(rig.order('r')).toEqual(['a', 'b', 'c']);
    await rig.pass(39);
    expect(rig.order('r')).toEqual(['a', 'b', 'c']);
    await rig.pass(1); // alone: whether it fits is for the engine to say
    expect(rig.order('r')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('an engine that throws fails its request only', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', (_request, call) => (call === 0 ? { ...QUICK, throws: true } : QUICK))]);
    const [bad, good] = [rig.submit('m', 'a'), rig.submit('m', 'b')];
    await rig.pass(100);
    expect([errorOf(bad), textOf(good)]).toEqual(['internal', 'b.1 b.2 b.3 ']);
  });
});

describe('rates', () => {
  it('what is too much at once waits, is told so, and comes in its order', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', QUICK, { slots: 9 })], {
      limits: { requests: { perSecond: 10, burst: 2 } },
    });
    const all = ['a', 'b', 'c', 'd'].map((prompt) => rig.submit('m', prompt));
    await rig.pass(50);
    expect(rig.order('r')).toEqual(['a', 'b']);
    expect(all[2]?.places).toContainEqual({ position: 0, waitsFor: 'rate' });
    await rig.pass(100);
    expect(rig.order('r')).toEqual(['a', 'b', 'c']);
    await rig.pass(200);
    expect(all.map(textOf)).not.toContain(undefined);
    expect(rig.clock.pending).toBe(0);
  });

  it('what is saved up for a costly urgent request is not spent by cheap ones of other models', async () => {
    const rig = new OrchestratorRig({ limits: { tokens: { perSecond: 100, burst: 100 } } });
    rig.add('costly', [rig.replica('r', QUICK, { slots: 99 })]);
    rig.add('cheap', [rig.replica('s', QUICK, { slots: 99 })]);
    rig.submit('costly', 'a', { generate: { maxTokens: 99 } });
    const costly = rig.submit('costly', 'b', { generate: { maxTokens: 99 } });
    for (let sent = 0; sent < 20; sent += 1)
      rig.submit('cheap', String(sent), { generate: { maxTokens: 9 } });
    await rig.pass(1_100);
    expect(costly.starts).toEqual(['r']);
  });
});

describe('the council changes', () => {
  it('what waits for a model that is removed fails; what it is at ends', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r')], { members: ['ada'] });
    const [running, waiting] = [rig.submit('ada', 'a'), rig.submit('ada', 'b')];
    await rig.pass(0);
    rig.orchestrator.remove('m');
    await rig.pass(100);
    expect([textOf(running), errorOf(waiting)]).toEqual(['a.1 a.2 a.3 ', 'member-unknown']);
    const none = rig.submit('ada', 'c');
    await rig.pass(0);
    expect(errorOf(none)).toBe('member-unknown');
    expect(rig.orchestrator.kindOf('ada')).toBeNull();
  });

  it('a model of the same name takes its place', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', FAILS_FIRST)], { members: ['ada'] });
    rig.submit('ada', 'a');
    await rig.pass(0);
    rig.add('m', [rig.replica('s')], { members: ['ada'] });
    const answered = rig.submit('ada', 'b');
    await rig.pass(100);
    expect(textOf(answered)).toBe('b.1 b.2 b.3 ');
  });

  it('all can be stopped at once, and the end leaves nothing behind', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', LONG, { check: () => Promise.resolve(ok(null)) })]);
    const all = ['a', 'b'].map((prompt) => rig.submit('m', prompt));
    await rig.pass(5);
    rig.orchestrator.stopAll();
    await rig.pass(0);
    expect(all.map(errorOf)).toEqual(['cancelled', 'cancelled']);
    const last = rig.submit('m', 'c');
    rig.orchestrator.close();
    await rig.pass(0);
    expect(errorOf(last)).toBe('cancelled');
    expect(rig.order('r')).toEqual(['a', 'c']); // b was stopped where it waited
    expect(rig.clock.pending).toBe(0);
  });
});
