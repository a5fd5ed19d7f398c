import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import type { Outcome } from '#contracts/errors';
import type { Compute, Lease, LeaseTerms, LeaseWait, MemoryLease } from '#contracts/leases';
import { LeaseLedger } from '../../../src/resources/lease-ledger.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const terms = (memoryBytes: number, slots = 1, contextTokens = 1024, replicas = 1): LeaseTerms => ({
  memoryBytes,
  slots,
  contextTokens,
  replicas,
});

let clock: VirtualClock;
let ledger: LeaseLedger;

beforeEach(() => {
  clock = new VirtualClock();
  ledger = new LeaseLedger(clock, { memoryBytes: { card: 100, processor: 100 }, cards: 1, threads: 4 });
});

interface Asked<L extends Lease> {
  readonly abort: AbortController;
  readonly waits: LeaseWait[];
  outcome: Outcome<L> | null;
}

function take(holder: string, wish: readonly LeaseTerms[], patienceMs = 50): Asked<MemoryLease> {
  const asked: Asked<MemoryLease> = { abort: new AbortController(), waits: [], outcome: null };
  const onWait = (wait: LeaseWait): void => {
    asked.waits.push(wait);
  };
  void ledger.memory(asked.abort.signal, { holder, terms: wish, patienceMs }, onWait).then((outcome) => {
    asked.outcome = outcome;
  });
  return asked;
}

const takeGpu = (holder: string): Asked<Lease> => takeTurn(holder, 'card', 1);

function takeTurn(holder: string, of: Compute, units: number): Asked<Lease> {
  const asked: Asked<Lease> = { abort: new AbortController(), waits: [], outcome: null };
  const onWait = (wait: LeaseWait): void => {
    asked.waits.push(wait);
  };
  void ledger.turn(asked.abort.signal, { holder, of, units }, onWait).then((outcome) => {
    asked.outcome = outcome;
  });
  return asked;
}

function lease<L extends Lease>(asked: Asked<L>): L {
  if (asked.outcome?.ok !== true) throw new Error('not granted');
  return asked.outcome.value;
}

it('grants the best terms that fit, and waits for them when they do not', async () => {
  const first = take('a', [terms(80)]);
  await turn();
  expect(lease(first)).toMatchObject({
    holder: 'a',
    terms: { memoryBytes: 80 },
    degraded: [],
    wanted: false,
  });
  const second = take('b', [terms(60)]);
  expect(second.waits).toEqual([{ position: 0, shortBytes: 40 }]); // said before it returned
  expect(lease(first).wanted).toBe(true);
  lease(first).release();
  lease(first).release();
  await turn();
  expect(lease(second).terms.memoryBytes).toBe(60);
  expect(ledger.account).toEqual({
    memoryBytes: { card: 0, processor: 60 },
    memoryWaiting: 0,
    cards: 0,
    threads: 0,
    turnsWaiting: 0,
  });
  expect(clock.pending).toBe(0);
});

it('takes less after the patience, and says in what it is less', async () => {
  take('a', [terms(50)]);
  const degraded = take('b', [terms(90, 4, 4096, 2), terms(60, 2, 4096, 2), terms(50, 1, 2048, 1)]);
  await turn();
  expect(degraded.outcome).toBeNull();
  clock.advance(50);
  await turn();
  expect(lease(degraded)).toMatchObject({
    terms: { memoryBytes: 50 },
    degraded: ['sequential', 'smaller-context'],
  });
  expect(clock.pending).toBe(0);
});

it('names fewer replicas and fewer slots apart', async () => {
  const degraded = take('a', [terms(101, 4, 1024, 2), terms(100, 3, 1024, 1)]);
  await turn();
  // What the whole budget could never hold is not waited for.
  expect(lease(degraded).degraded).toEqual(['fewer-replicas', 'fewer-slots']);
});

it('refuses only what could never fit, also after the budget became smaller', async () => {
  const never = take('a', [terms(101), terms(200)]);
  await turn();
  expect(never.outcome).toMatchObject({
    ok: false,
    error: { code: 'out-of-memory', details: { model: 'a', neededBytes: 101, budgetBytes: 100 } },
  });
  const held = take('b', [terms(90)]);
  const waits = take('c', [terms(80)]);
  ledger.setBudget({ memoryBytes: { card: 70, processor: 70 }, cards: 1, threads: 4 });
  await turn();
  expect(waits.outcome).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
  expect(lease(held).terms.memoryBytes).toBe(90);
  expect(ledger.account.memoryBytes.processor).toBe(90);
});

it('nobody who waits is overtaken by one that would fit', async () => {
  const held = take('a', [terms(60)]);
  const large = take('b', [terms(80)], 1e9);
  const small = take('c', [terms(10)], 1e9);
  await turn();
  expect([large.outcome, small.outcome]).toEqual([null, null]);
  expect(small.waits.at(-1)).toMatchObject({ position: 1 });
  large.abort.abort();
  await turn();
  expect(large.outcome).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  expect(lease(small).terms.memoryBytes).toBe(10);
  lease(held).release();
});

it('gives the graphics card to one after the other', async () => {
  const first = takeGpu('a');
  const second = takeGpu('b');
  const third = takeGpu('c');
  await turn();
  expect(lease(first).wanted).toBe(true);
  expect(third.waits.at(-1)).toEqual({ position: 1, shortBytes: 0 });
  second.abort.abort();
  await turn();
  expect(second.outcome).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  expect(third.waits.at(-1)).toEqual({ position: 0, shortBytes: 0 });
  lease(first).release();
  lease(first).release();
  await turn();
  expect(lease(third).wanted).toBe(false);
  expect(ledger.account).toMatchObject({ cards: 1, turnsWaiting: 0 });
  ledger.setBudget({ memoryBytes: { card: 100, processor: 100 }, cards: 2, threads: 4 });
  const fourth = takeGpu('d');
  await turn();
  expect(lease(fourth).holder).toBe('d');
});

it('gives threads of the processor out as far as they go, in order', async () => {
  const three = takeTurn('a', 'processor', 3);
  const two = takeTurn('b', 'processor', 2);
  const one = takeTurn('c', 'processor', 1);
  const card = takeGpu('d');
  await turn();
  expect(lease(three).wanted).toBe(true);
  expect(lease(card).wanted).toBe(false);
  // One thread is free, but its turn is after that of two: small ones would keep large ones out for ever.
  expect([two.outcome, one.outcome]).toEqual([null, null]);
  two.abort.abort();
  await turn();
  expect(lease(one).wanted).toBe(false);
  expect(ledger.account).toMatchObject({ cards: 1, threads: 4, turnsWaiting: 0 });
});

it('gives who wants more threads than there are all of them', async () => {
  const one = takeTurn('a', 'processor', 1);
  const many = takeTurn('b', 'processor', 9);
  await turn();
  expect(many.outcome).toBeNull();
  lease(one).release();
  await turn();
  expect(lease(many).holder).toBe('b');
  expect(ledger.account.threads).toBe(4);
  lease(many).release();
  expect(ledger.account.threads).toBe(0);
});

it('who has given up already gets nothing', async () => {
  const given = new AbortController();
  given.abort();
  const wish = { holder: 'a', terms: [terms(1)], patienceMs: 1 };
  expect(await ledger.memory(given.signal, wish, () => undefined)).toMatchObject({ ok: false });
  expect(
    await ledger.turn(given.signal, { holder: 'a', of: 'card', units: 1 }, () => undefined),
  ).toMatchObject({ ok: false });
  expect(ledger.account).toEqual({
    memoryBytes: { card: 0, processor: 0 },
    memoryWaiting: 0,
    cards: 0,
    threads: 0,
    turnsWaiting: 0,
  });
});

it('never gives out more than the budget, and in the end has served everybody in order', async () => {
  const step = fc.record({
    what: fc.constantFrom('take', 'take', 'release', 'abort', 'time'),
    which: fc.nat(20),
    bytes: fc.integer({ min: 1, max: 100 }),
    lesser: fc.integer({ min: 1, max: 100 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      clock = new VirtualClock();
      ledger = new LeaseLedger(clock, { memoryBytes: { card: 100, processor: 100 }, cards: 1, threads: 4 });
      const all: Asked<MemoryLease>[] = [];
      const released = new Set<Asked<MemoryLease>>();
      const holding = (): Asked<MemoryLease>[] =>
        all.filter((each) => each.outcome?.ok === true && !released.has(each));
      for (const { what, which, bytes, lesser } of steps) {
        if (what === 'take') all.push(take('m', [terms(bytes), terms(Math.min(bytes, lesser))]));
        const held = holding();
        const freed = held[which % Math.max(1, held.length)];
        if (what === 'release' && freed !== undefined) {
          lease(freed).release();
          released.add(freed);
        }
        if (what === 'abort') all[which % Math.max(1, all.length)]?.abort.abort();
        if (what === 'time') clock.advance(which * 5);
        await turn();
        const bytesHeld = holding().reduce((sum, each) => sum + lease(each).terms.memoryBytes, 0);
        expect(ledger.account.memoryBytes.processor).toBe(bytesHeld);
        expect(bytesHeld).toBeLessThanOrEqual(100);
        // First come, first served: nobody after the first who waits has got anything while he waited.
        const positions = all.flatMap((each) =>
          each.outcome === null ? (each.waits.at(-1)?.position ?? -1) : [],
        );
        expect(positions).toEqual(positions.map((_, place) => place));
      }
      for (let left = all.length; left >= 0; left -= 1) {
        for (const each of holding()) {
          lease(each).release();
          released.add(each);
        }
        await turn();
      }
      expect(all.every(({ outcome }) => outcome !== null)).toBe(true);
      expect(ledger.account).toEqual({
        memoryBytes: { card: 0, processor: 0 },
        memoryWaiting: 0,
        cards: 0,
        threads: 0,
        turnsWaiting: 0,
      });
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 100 },
  );
});
