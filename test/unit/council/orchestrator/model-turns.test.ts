import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { LeaseTerms } from '#contracts/leases';
import type { ModelMemory } from '../../../../src/council/orchestrator/model-turns.ts';
import { LeaseLedger } from '../../../../src/resources/lease-ledger.ts';
import type { Decoding } from '../../../fakes/decoding-engine.ts';
import { errorOf, OrchestratorRig, QUICK, textOf, type Submitted } from '../../../fakes/orchestrator-rig.ts';

const LOAD_MS = 100;
const TURN_MS = 1_000;

function terms(memoryBytes: number, slots = 1): LeaseTerms {
  return { memoryBytes, slots, replicas: 1, contextTokens: 1024 };
}

const CARD = { of: 'card', units: 1 } as const;

class MemoryRig extends OrchestratorRig {
  readonly opened: string[] = [];
  ledger: LeaseLedger;

  constructor(memoryBytes: number) {
    let made: LeaseLedger | null = null;
    super(
      { turnMs: TURN_MS },
      (clock) =>
        (made = new LeaseLedger(clock, {
          memoryBytes: { card: memoryBytes, processor: memoryBytes },
          cards: 1,
          threads: 4,
        })),
    );
    if (made === null) throw new Error('no ledger');
    this.ledger = made;
  }

  model(
    id: string,
    wish: readonly LeaseTerms[],
    script: Decoding = QUICK,
    memory: Partial<ModelMemory> = {},
  ): void {
    const pause = () =>
      new Promise<void>((resolve) => {
        this.clock.after(LOAD_MS, resolve);
      });
    this.add(id, [this.replica(id, script, { slots: 4 })], {
      memory: {
        terms: wish,
        open: async (_signal, granted) => {
          await pause();
          this.opened.push(`${id}+${String(granted.slots)}`);
          return ok(null);
        },
        close: async () => {
          await pause();
          this.opened.push(`${id}-`);
        },
        ...memory,
      },
    });
  }
}

describe('models that share memory', () => {
  it('all that waits for one is worked off before the next comes in', async () => {
    const rig = new MemoryRig(100);
    rig.model('a', [terms(60)]);
    rig.model('b', [terms(60)]);
    const all: Submitted[] = [];
    for (let sent = 0; sent < 4; sent += 1) {
      all.push(rig.submit('a', `a${String(sent)}`), rig.submit('b', `b${String(sent)}`));
    }
    await rig.pass(1_000);
    expect(all.map(textOf)).not.toContain(undefined);
    expect(rig.opened).toEqual(['a+1', 'a-', 'b+1']);
    expect(all[1]?.places[0]).toEqual({ position: 0, waitsFor: 'memory' });
    expect(rig.ledger.account.memoryBytes.processor).toBe(60); // it stays, until somebody wants its place
  });

  it('those that fit beside each other stay', async () => {
    const rig = new MemoryRig(120);
    rig.model('a', [terms(60)]);
    rig.model('b', [terms(60)]);
    for (let round = 0; round < 3; round += 1) {
      const both = [rig.submit('a', 'q'), rig.submit('b', 'q')];
      await rig.pass(500);
      expect(both.map(textOf)).not.toContain(undefined);
    }
    expect(rig.opened).toEqual(['a+1', 'b+1']);
  });

  it('the least recently used idle one makes room', async () => {
    const rig = new MemoryRig(120);
    for (const id of ['a', 'b', 'c']) rig.model(id, [terms(60)]);
    for (const id of ['a', 'b', 'a', 'c']) {
      rig.submit(id, 'q');
      await rig.pass(500);
    }
    expect(rig.opened).toEqual(['a+1', 'b+1', 'b-', 'c+1']);
  });

  it('a busy one runs dry after its turn, so that nobody waits longer than that and the answer under way', async () => {
    const rig = new MemoryRig(100);
    rig.model('busy', [terms(60)], { firstTokenMs: 10, stepMs: 10, tokens: 20 });
    rig.model('other', [terms(60)]);
    rig.submit('busy', 'first');
    await rig.pass(LOAD_MS);
    const other = rig.submit('other', 'q');
    for (let sent = 0; sent < 40; sent += 1) {
      rig.submit('busy', String(sent));
      await rig.pass(100);
    }
    // turn 1,000, answer 210, close and open 100 each, its own answer 40; asked at 100.
    expect(other.settledMs).not.toBeNull();
    expect(other.settledMs ?? 1e9).toBeLessThanOrEqual(LOAD_MS + TURN_MS + 210 + 2 * LOAD_MS + 40);
    await rig.pass(20_000);
    expect(rig.engine('busy').calls).toHaveLength(41); // and it comes back for what was left
  });

  it('takes less memory when that is to be had sooner, and says so', async () => {
    const rig = new MemoryRig(100);
    rig.model('busy', [terms(60)], { firstTokenMs: 10, stepMs: 10, tokens: 5_000 });
    rig.model('other', [terms(80, 4), terms(40, 2)]);
    rig.submit('busy', 'long');
    await rig.pass(LOAD_MS);
    const all = Array.from({ length: 4 }, (_, sent) => rig.submit('other', String(sent)));
    await rig.pass(2_000);
    expect(all.map(textOf)).not.toContain(undefined);
    expect(rig.engine('other').mostAtOnce).toBe(2);
    expect(rig.events).toContainEqual({ type: 'model-in', modelId: 'other', degraded: ['fewer-slots'] });
    expect(rig.orchestrator.status()[1]).toMatchObject({ id: 'other', degraded: ['fewer-slots'] });
  });

  it('what can never fit, or cannot be loaded, fails with the reason', async () => {
    const rig = new MemoryRig(100);
    rig.model('huge', [terms(101)]);
    rig.model('broken', [terms(10)], QUICK, {
      open: () => Promise.resolve(err(failure('model-invalid', { model: 'broken' }))),
    });
    rig.model('throws', [terms(10)], QUICK, {
      open: () => {
        throw new Error('no worker');
      },
    });
    const all = ['huge', 'broken', 'throws'].map((id) => rig.submit(id, 'q'));
    await rig.pass(100);
    expect(all.map(errorOf)).toEqual(['out-of-memory', 'model-invalid', 'internal']);
    expect(rig.ledger.account.memoryBytes.processor).toBe(0);
  });

  it('a load that nobody waits for any more is given up', async () => {
    const rig = new MemoryRig(100);
    let loadSignal: AbortSignal | null = null;
    rig.model('a', [terms(60)], QUICK, {
      open: (signal) => {
        loadSignal = signal;
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve(err(failure('cancelled')));
          });
        });
      },
    });
    rig.model('b', [terms(60)]);
    const first = rig.submit('a', 'q');
    const second = rig.submit('b', 'q');
    await rig.pass(50);
    first.abort.abort();
    await rig.pass(500);
    expect(loadSignal).toMatchObject({ aborted: true });
    expect([errorOf(first), textOf(second)]).toEqual(['cancelled', 'q.1 q.2 q.3 ']);
  });

  it('lets others than models have what is idle', async () => {
    const rig = new MemoryRig(100);
    rig.model('a', [terms(60)]);
    rig.model('b', [terms(30)]);
    rig.submit('a', 'q');
    await rig.pass(300);
    const outsider = rig.ledger.memory(
      new AbortController().signal,
      { holder: 'index', terms: [terms(70)], patienceMs: 1e6 },
      () => undefined,
    );
    await rig.pass(0);
    rig.orchestrator.remove('b'); // any change will do
    rig.submit('nobody', 'q');
    rig.orchestrator.add({ id: 'c', members: [], replicas: [rig.replica('c')] });
    rig.submit('c', 'q');
    await rig.pass(500);
    expect(await outsider).toMatchObject({ ok: true });
    expect(rig.opened).toEqual(['a+1', 'a-']);
  });

  it('a model that is removed goes when what it is at has ended', async () => {
    const rig = new MemoryRig(100);
    rig.model('a', [terms(60)]);
    const running = rig.submit('a', 'q');
    await rig.pass(LOAD_MS + 5);
    rig.orchestrator.remove('a');
    await rig.pass(1);
    expect(rig.ledger.account.memoryBytes.processor).toBe(60);
    await rig.pass(500);
    expect(textOf(running)).toBe('q.1 q.2 q.3 ');
    expect(rig.ledger.account.memoryBytes.processor).toBe(0);
  });
});

describe('the graphics card', () => {
  it('is used by one replica at a time, all its slots together, and handed on after a turn', async () => {
    const rig = new MemoryRig(100);
    for (const id of ['a', 'b'])
      rig.add(id, [
        rig.replica(id, { firstTokenMs: 10, stepMs: 10, tokens: 20 }, { compute: CARD, slots: 2 }),
      ]);
    const all: Submitted[] = [];
    for (let sent = 0; sent < 30; sent += 1) all.push(rig.submit('a', `a${String(sent)}`));
    for (let sent = 0; sent < 30; sent += 1) all.push(rig.submit('b', `b${String(sent)}`));
    let together = 0;
    for (let at = 0; at < 800; at += 1) {
      await rig.pass(10);
      if (rig.engine('a').running > 0 && rig.engine('b').running > 0) together += 1;
    }
    expect(together).toBe(0);
    expect(all.map(textOf)).not.toContain(undefined);
    expect([rig.engine('a').mostAtOnce, rig.engine('b').mostAtOnce]).toEqual([2, 2]);
    // b did not wait for all of a: one turn, and the answers under way at its end.
    expect(rig.engine('b').calls[0]?.startedMs ?? 1e9).toBeLessThanOrEqual(TURN_MS + 210);
    expect(all[30]?.places).toContainEqual({ position: 0, waitsFor: 'card' });
    expect(rig.ledger.account).toMatchObject({ cards: 0, turnsWaiting: 0 });
  });

  it('comes back from a model that is removed, when what it is at has ended', async () => {
    const rig = new MemoryRig(100);
    rig.add('a', [rig.replica('a', QUICK, { compute: CARD })]);
    const running = rig.submit('a', 'q');
    rig.submit('a', 'p');
    await rig.pass(5);
    rig.orchestrator.remove('a');
    expect(rig.ledger.account.cards).toBe(1);
    await rig.pass(100);
    expect(textOf(running)).toBe('q.1 q.2 q.3 ');
    expect(rig.ledger.account.cards).toBe(0);
  });

  it('is not kept by who has nothing to do, nor waited for by who has given up', async () => {
    const rig = new MemoryRig(100);
    for (const id of ['a', 'b']) rig.add(id, [rig.replica(id, QUICK, { compute: CARD })]);
    const first = rig.submit('a', 'q');
    const second = rig.submit('b', 'q');
    await rig.pass(5);
    second.abort.abort();
    await rig.pass(100);
    expect([textOf(first), errorOf(second)]).toEqual(['q.1 q.2 q.3 ', 'cancelled']);
    expect(rig.ledger.account).toMatchObject({ cards: 0, turnsWaiting: 0 });
  });
});
