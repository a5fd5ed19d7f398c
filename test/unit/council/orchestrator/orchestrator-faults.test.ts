import { describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { err, ok } from '#kernel/result';
import { roundRobin } from '../../../../src/council/orchestrator/balancing-policies.ts';
import { errorOf, OrchestratorRig, QUICK, textOf, type Submitted } from '../../../fakes/orchestrator-rig.ts';

const LONG = { firstTokenMs: 10, stepMs: 10, tokens: 100 };
const FAILS_FIRST = { ...QUICK, fails: { code: 'worker-lost', afterTokens: 0 } } as const;

describe('failover', () => {
  it('asks another replica when the first fails before its first token', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', FAILS_FIRST), rig.replica('s')], { policy: roundRobin() });
    const answered = rig.submit('m', 'a');
    await rig.pass(100);
    expect(textOf(answered)).toBe('a.1 a.2 a.3 ');
    expect(answered.starts).toEqual(['r', 's']);
    expect(rig.events).toContainEqual({
      type: 'failed-over',
      modelId: 'm',
      from: 'r',
      problem: failure('worker-lost', { member: 'scripted' }),
    });
  });

  it('asks once more, not twice', async () => {
    const rig = new OrchestratorRig();
    rig.add(
      'm',
      ['r', 's', 't'].map((id) => rig.replica(id, FAILS_FIRST)),
      { policy: roundRobin() },
    );
    const failed = rig.submit('m', 'a');
    await rig.pass(100);
    expect([errorOf(failed), failed.starts]).toEqual(['worker-lost', ['r', 's']]);
  });

  it('reports what failed after its first token: it would come twice', async () => {
    const rig = new OrchestratorRig();
    const fails = { ...QUICK, fails: { code: 'worker-lost', afterTokens: 2 } } as const;
    rig.add('m', [rig.replica('r', fails), rig.replica('s')], { policy: roundRobin() });
    const failed = rig.submit('m', 'a');
    await rig.pass(100);
    expect([errorOf(failed), failed.starts, failed.chunks.length]).toEqual(['worker-lost', ['r'], 2]);
  });

  it('reports what would fail everywhere, and what has no other replica', async () => {
    const rig = new OrchestratorRig();
    const fails = { ...QUICK, fails: { code: 'context-exceeded', afterTokens: 0 } } as const;
    rig.add('m', [rig.replica('r', fails), rig.replica('s')], { policy: roundRobin() });
    rig.add('n', [rig.replica('t', FAILS_FIRST)]);
    const [own, alone] = [rig.submit('m', 'a'), rig.submit('n', 'b')];
    await rig.pass(100);
    expect([errorOf(own), errorOf(alone)]).toEqual(['context-exceeded', 'worker-lost']);
    expect(own.starts).toEqual(['r']);
  });

  it('gives an engine up that says nothing, and hears nothing of it afterwards', async () => {
    const patience = { firstTokenMs: 50, tokenGapMs: 30, stopMs: 1_000 };
    const rig = new OrchestratorRig({ patience });
    // The first speaks in the end, long after it was given up, and does not heed the stop.
    rig.add(
      'm',
      [rig.replica('r', { firstTokenMs: 60, stepMs: 10, tokens: 3, stopMs: 500 }), rig.replica('s')],
      { policy: roundRobin() },
    );
    rig.add('n', [rig.replica('t', { ...LONG, stallsAfterTokens: 2 })]);
    const [elsewhere, gap] = [rig.submit('m', 'a'), rig.submit('n', 'b')];
    await rig.pass(300);
    expect(elsewhere.starts).toEqual(['r', 's']);
    expect(textOf(elsewhere)).toBe('a.1 a.2 a.3 ');
    expect(elsewhere.chunks.map(({ text }) => text).join('')).toBe('a.1 a.2 a.3 ');
    expect(gap.outcome).toMatchObject({
      error: { code: 'worker-silent', details: { member: 'n', silentMs: 30, phase: 'token-gap' } },
    });
    expect(gap.settledMs).toBe(50);
  });
});

describe('circuit breaker', () => {
  it('leaves a replica alone after three faults in a row, refuses at once, and probes it after its pause', async () => {
    const rig = new OrchestratorRig();
    rig.add('m', [rig.replica('r', (_request, call) => (call < 3 ? FAILS_FIRST : QUICK))]);
    for (let fault = 0; fault < 3; fault += 1) {
      rig.submit('m', 'a');
      await rig.pass(20);
    }
    const refused = rig.submit('m', 'b');
    await rig.pass(0);
    expect(refused.outcome).toMatchObject({
      error: { code: 'engine-failed', details: { member: 'm', reason: 'breaker-open' } },
    });
    expect(rig.engine('r').calls).toHaveLength(3);
    await rig.pass(10_000);
    const [probe, behind] = [rig.submit('m', 'c'), rig.submit('m', 'd')];
    await rig.pass(100);
    expect([textOf(probe), textOf(behind)]).toEqual(['c.1 c.2 c.3 ', 'd.1 d.2 d.3 ']);
  });

  it('opens on silence as on failure; the others take over what waited for it', async () => {
    const patience = { firstTokenMs: 50, tokenGapMs: 30, stopMs: 1_000 };
    const rig = new OrchestratorRig({ patience });
    rig.add('m', [rig.replica('r', { ...QUICK, stallsAfterTokens: 0 }), rig.replica('s')], {
      policy: roundRobin(),
    });
    const all: Submitted[] = [];
    for (let sent = 0; sent < 10; sent += 1) {
      all.push(rig.submit('m', String(sent)));
      await rig.pass(120);
    }
    expect(all.map(errorOf).filter((code) => code !== undefined)).toEqual([]);
    expect(rig.engine('r').calls).toHaveLength(3);
    expect(rig.orchestrator.status()[0]?.replicas[0]).toMatchObject({ id: 'r', breaker: 'open' });
  });

  it('an engine that does not end after a stop loses its slot, and with its last slot its requests', async () => {
    const patience = { firstTokenMs: 50, tokenGapMs: 30, stopMs: 100 };
    const rig = new OrchestratorRig({ patience });
    rig.add('m', [rig.replica('r', { ...LONG, stopMs: null })]);
    const stopped = rig.submit('m', 'a');
    const waits = rig.submit('m', 'b');
    await rig.pass(20);
    stopped.abort.abort();
    await rig.pass(99);
    expect(waits.outcome).toBeNull();
    await rig.pass(1);
    expect(waits.outcome).toMatchObject({ error: { code: 'engine-failed', details: { reason: 'stuck' } } });
    expect(rig.events).toContainEqual({ type: 'stuck', modelId: 'm', replicaId: 'r' });
  });
});

describe('health checks', () => {
  it('find a replica that is not well, and one that is again, before a request does', async () => {
    const rig = new OrchestratorRig();
    let isWell = false;
    let checks = 0;
    const check = () => {
      checks += 1;
      return Promise.resolve(isWell ? ok(null) : err(failure('engine-failed')));
    };
    rig.add('m', [rig.replica('r', QUICK, { check })]);
    await rig.pass(100_000);
    expect(checks).toBeGreaterThanOrEqual(3);
    expect(rig.orchestrator.status()[0]?.replicas[0]?.breaker).not.toBe('closed');
    isWell = true;
    await rig.pass(40_000);
    expect(rig.orchestrator.status()[0]?.replicas[0]?.breaker).toBe('closed');
    rig.orchestrator.close();
    expect(rig.clock.pending).toBe(0);
  });

  it('a check that never ends counts as failed, and is told to end', async () => {
    const rig = new OrchestratorRig();
    const signals: AbortSignal[] = [];
    const check = (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    rig.add('m', [rig.replica('r', QUICK, { check })]);
    await rig.pass(150_000);
    expect(signals.length).toBeGreaterThanOrEqual(3);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(rig.orchestrator.status()[0]?.replicas[0]?.breaker).not.toBe('closed');
    rig.orchestrator.close();
  });

  it('do not disturb a replica at work', async () => {
    const rig = new OrchestratorRig();
    let checks = 0;
    const check = () => {
      checks += 1;
      return Promise.resolve(ok(null));
    };
    rig.add('m', [rig.replica('r', { ...LONG, tokens: 20_000 }, { check })]);
    rig.submit('m', 'a');
    await rig.pass(100_000);
    expect(checks).toBe(0);
    rig.orchestrator.close();
  });
});
