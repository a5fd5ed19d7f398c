import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failure, type ErrorCode } from '#contracts/errors';
import { DeviceLosses } from '../../../src/resources/device-losses.ts';
import { ManagedMember } from '../../../src/resources/managed-member.ts';
import type { MemberRung } from '../../../src/resources/member-spec.ts';
import { ManualEngine, type ManualAnswer } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { anyLadder } from './ladders.ts';

const LOAD_FAILURES: readonly ErrorCode[] = [
  'out-of-memory',
  'device-lost',
  'worker-lost',
  'worker-silent',
  'deadline-exceeded',
  'model-invalid',
  'engine-incompatible',
  'feature-missing',
  'engine-unavailable',
  'model-load-failed',
  'model-fetch-failed',
  'consent-required',
  'internal',
];
const LOSSES: readonly ErrorCode[] = ['worker-lost', 'worker-silent', 'device-lost'];
const ANSWER_FAILURES: readonly ErrorCode[] = [
  ...LOSSES,
  'out-of-memory',
  'engine-failed',
  'context-exceeded',
];

/** What the world and the users do. `which` picks an engine, a question or a signal among those there are. */
const event = fc.oneof(
  fc.record({
    type: fc.constantFrom('prepare', 'restart', 'unload', 'ask', 'think', 'rest', 'launch-throws'),
  }),
  fc.record({ type: fc.constant('loaded'), which: fc.nat(3) }),
  fc.record({ type: fc.constant('fails'), which: fc.nat(3), code: fc.constantFrom(...LOAD_FAILURES) }),
  fc.record({ type: fc.constant('lose'), which: fc.nat(3), code: fc.constantFrom(...LOSSES) }),
  fc.record({ type: fc.constantFrom('say', 'end'), which: fc.nat(3) }),
  fc.record({
    type: fc.constant('answer-fails'),
    which: fc.nat(3),
    code: fc.constantFrom(...ANSWER_FAILURES),
  }),
  fc.record({ type: fc.constant('abort'), which: fc.nat(3) }),
  fc.record({ type: fc.constant('pass'), ms: fc.constantFrom(10, 1000, 20_000, 70_000) }),
);
type Event = {
  readonly type: string;
  readonly which?: number;
  readonly code?: ErrorCode;
  readonly ms?: number;
};

class World {
  readonly clock = new VirtualClock();
  readonly engines: ManualEngine[] = [];
  readonly signals: AbortController[] = [];
  readonly member: ManagedMember;
  /** Promises that were made, and those that have settled. */
  made = 0;
  settled = 0;
  #launchThrows = false;
  marks = 0;

  constructor(rungs: readonly [MemberRung, ...MemberRung[]]) {
    this.member = new ManagedMember(
      { id: 'oak', name: 'Oak', rungs, bundled: false },
      {
        clock: this.clock,
        launch: (memberId, onLost, rung) => {
          if (this.#launchThrows) {
            this.#launchThrows = false;
            throw new DOMException('no workers here', 'SecurityError');
          }
          const engine = new ManualEngine(memberId, onLost, rung.engine);
          this.engines.push(engine);
          return engine;
        },
        deviceLosses: new DeviceLosses(),
        marks: {
          begin: () => {
            this.marks += 1;
            return () => (this.marks -= 1);
          },
        },
        onChange: () => undefined,
        onLoadFailed: () => undefined,
      },
    );
  }

  async play({ type, which = 0, code = 'internal', ms = 0 }: Event): Promise<void> {
    const engine = this.engines.at(-1 - which);
    const answer = this.#answers().at(-1 - which);
    const problem = failure(code, { member: 'oak', model: 'oak', feature: 'shader-f16' });
    if (type === 'prepare') this.#watch(this.member.prepare(this.#signal()));
    if (type === 'restart') this.#watch(this.member.restart());
    if (type === 'unload') this.#watch(this.member.unload());
    if (type === 'ask') this.#ask();
    if (type === 'think' || type === 'rest') this.member.setThinking(type === 'think');
    if (type === 'launch-throws') this.#launchThrows = true;
    if (type === 'loaded') engine?.loaded();
    if (type === 'fails') engine?.fails(problem);
    if (type === 'lose') engine?.lose(problem);
    if (type === 'say') answer?.say('x');
    if (type === 'end') answer?.end();
    if (type === 'answer-fails') answer?.fail(problem);
    if (type === 'abort') this.signals.at(-1 - which)?.abort();
    if (type === 'pass') this.clock.advance(ms);
    await turn();
  }

  /** Everybody goes home: what is under way is stopped, lost or fails, until nothing is. */
  async close(): Promise<void> {
    for (const signal of this.signals) signal.abort();
    await turn();
    // A ladder of six rungs has at most 6 × 4 + 9 steps.
    for (let step = 0; step < 40 && this.engines.some((engine) => engine.loading); step += 1) {
      for (const engine of this.engines) engine.fails(failure('out-of-memory'));
      await turn();
    }
  }

  check(): void {
    const { state, problem } = this.member.view();
    const up = this.engines.filter((engine) => engine.alive);
    const shownUp = state === 'ready' || state === 'thinking';
    // Never alive without a loaded engine, and never two engines.
    expect(up, state).toHaveLength(shownUp ? 1 : 0);
    expect(this.member.ready() !== null, state).toBe(shownUp);
    expect(this.member.absent() === null, state).toBe(shownUp);
    const kept = this.engines.filter((engine) => engine.unloads === 0);
    const underWay = state === 'loading' || state === 'restarting';
    expect(kept, state).toHaveLength(shownUp || underWay ? 1 : 0);
    expect(
      this.engines.filter((engine) => engine.loading),
      state,
    ).toHaveLength(underWay ? 1 : 0);
    expect(problem !== null, state).toBe(state === 'failed');
    expect(this.marks, state).toBe(underWay && markedRung(this.member) ? 1 : 0);
  }

  #ask(): void {
    const engine = this.member.ready()?.engine;
    if (engine === undefined) return;
    this.#watch(
      engine.generate(
        this.#signal(),
        { prompt: '?', maxTokens: 9, temperature: 0, seed: 1 },
        () => undefined,
      ),
    );
  }

  #answers(): readonly ManualAnswer[] {
    return this.engines.flatMap((engine) => engine.answers);
  }

  #signal(): AbortSignal {
    const controller = new AbortController();
    this.signals.push(controller);
    return controller.signal;
  }

  #watch(promise: Promise<unknown>): void {
    this.made += 1;
    void promise.then(() => (this.settled += 1));
  }
}

function markedRung(member: ManagedMember): boolean {
  const { engine } = member.view();
  return engine === 'wllama' || engine === 'web-llm';
}

it('whatever happens in whatever order, nobody dead is shown alive, nothing is left over, and all settles', async () => {
  await fc.assert(
    fc.asyncProperty(anyLadder, fc.array(event, { maxLength: 40 }), async (rungs, events) => {
      const world = new World(rungs);
      for (const next of events) {
        await world.play(next);
        world.check();
      }
      await world.close();
      world.check();
      expect(world.settled).toBe(world.made);
      expect(['loading', 'restarting']).not.toContain(world.member.view().state);
      await world.member.unload();
      expect(world.engines.every((engine) => engine.unloads > 0)).toBe(true);
    }),
    { numRuns: 250 },
  );
});

it('loads that all fail end, after a number of tries that the length of the ladder bounds', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLadder,
      fc.array(fc.constantFrom(...LOAD_FAILURES), { minLength: 40, maxLength: 40 }),
      async (rungs, codes) => {
        const world = new World(rungs);
        await world.play({ type: 'prepare' });
        for (const code of codes) await world.play({ type: 'fails', code });
        expect(world.member.view().state).toBe('failed');
        expect(world.settled).toBe(1);
        expect(world.engines.length).toBeLessThanOrEqual(rungs.length * 4 + 2);
      },
    ),
    { numRuns: 100 },
  );
});
