import { seededRandom, type Random } from '#kernel/random';
import { ok } from '#kernel/result';
import { NO_METRICS } from '#contracts/metrics';
import type { CouncilEvent } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import type { GenerateRequest } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import { COMPUTE, type Compute } from '#contracts/leases';
import { RULES, STOPS } from '#contracts/rules';
import { CouncilService } from '../../src/app/council-service.ts';
import { composeDispatch } from '../../src/app/dispatch-composition.ts';
import { StarterCatalogue } from '../../src/app/starter-catalogue.ts';
import { openRound } from '../../src/council/open-round.ts';
import { replay } from '../../src/council/replay.ts';
import type { MemberSpec } from '../../src/resources/member-spec.ts';
import { MemoryTurns } from '../../src/resources/memory-turns.ts';
import { MortalEngine, type Fate, type LoadFate, type Watched } from './mortal-engine.ts';
import { turn } from './turn.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Longest decode step of any member, ms. */
export const LONGEST_STEP_MS = 40;
const THREADS = 4;
const ABSTAIN = 'I cannot answer that.';
const QUESTIONS = [
  'What is 3 + 4?',
  'Is 7 a prime number? Answer yes or no.',
  'Why is the sky blue?',
] as const;
const ANSWERS: Readonly<Record<(typeof QUESTIONS)[number], readonly string[]>> = {
  'What is 3 + 4?': ['7', '8', ABSTAIN, 'no idea'],
  'Is 7 a prime number? Answer yes or no.': ['yes', 'no', 'Yes', ABSTAIN],
  'Why is the sky blue?': ['Light is scattered.', 'The air scatters light.', 'It mirrors the sea.', ABSTAIN],
};

/** What became of the rounds of one world. */
export interface SimulatedCouncil {
  readonly rounds: number;
  readonly answered: number;
  /** Rounds in which a member was lost, stalled or failed, and the council answered all the same. */
  readonly survived: number;
  readonly refused: number;
  readonly atHardDeadline: number;
  readonly lost: number;
  readonly late: number;
  readonly waited: number;
  /** Of each round that ran into its hard deadline: how late it ended, ms. */
  readonly latenessMs: readonly number[];
  readonly violations: readonly string[];
}

interface Seat {
  readonly spec: MemberSpec;
  readonly of: Compute | null;
  readonly units: number;
  readonly bytes: number;
  readonly watched: Watched[];
  engine: MortalEngine | null;
}

class World {
  readonly clock = new VirtualClock();
  readonly violations: string[] = [];
  readonly latenessMs: number[] = [];
  readonly #random: Random;
  readonly #seats: readonly Seat[];
  readonly #room: Readonly<Record<Compute, number>>;
  readonly #service: CouncilService;
  readonly #events: CouncilEvent[] = [];
  readonly #counts = { answered: 0, survived: 0, refused: 0, atHardDeadline: 0, lost: 0, late: 0, waited: 0 };

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#seats = Array.from({ length: this.#between(1, 5) }, (_, index) => this.#seat(`m${String(index)}`));
    // In every other world memory does not hold them all; the largest always fits.
    const shareOf = (of: Compute): number => {
      const bytes = this.#seats.filter((seat) => seat.of === of).map((seat) => seat.bytes);
      const all = bytes.reduce((sum, each) => sum + each, 0);
      return this.#chance(0.5) ? Infinity : this.#between(Math.max(1, ...bytes), Math.max(1, all));
    };
    this.#room = { card: shareOf('card'), processor: shareOf('processor') };
    const room = () => Promise.resolve(this.#room);
    const turns = new MemoryTurns(room);
    const dispatch = composeDispatch(this.clock, NO_METRICS, room, THREADS);
    this.#service = new CouncilService({
      rounds: () => Promise.resolve(openRound),
      dispatch: () => Promise.resolve(dispatch),
      memoryTurns: () => Promise.resolve(turns),
      clock: this.clock,
      metrics: NO_METRICS,
      catalogue: new StarterCatalogue('https://page/'),
      launch: (memberId, onLost) => this.#launch(memberId, onLost),
      appointment: () => Promise.resolve(ok({ specs: this.#seats.map(({ spec }) => spec) })),
      watchFrames: () => () => null,
      keep: () => Promise.resolve(null),
      onBusy: () => undefined,
    });
    this.#service.subscribe((event) => this.#events.push(event));
  }

  async play(rounds: number): Promise<SimulatedCouncil> {
    for (let round = 0; round < rounds; round += 1) await this.#round(round);
    await this.#service.manager.unloadAll();
    await this.#pass(1_000_000); // whatever was left hanging ends with its engine, and leaves no timer
    if (this.clock.pending > 0) this.#broken('a timer is left over');
    return {
      rounds,
      ...this.#counts,
      latenessMs: this.latenessMs,
      violations: this.violations,
    };
  }

  #seat(id: string): Seat {
    const of = this.#pick(['card', 'processor', null] as const);
    const bytes = of === null ? 0 : this.#between(10, 60);
    const threads = this.#between(1, THREADS + 1);
    const rung = {
      id: 'only',
      engine: 'wllama',
      load: {
        model: { format: 'stored', id, name: id, sizeBytes: bytes },
        backend: of === 'card' ? 'webgpu' : 'cpu',
        threads,
        contextTokens: 1024,
        slots: 1,
      },
      model: id,
      parameters: 1,
      sizeBytes: bytes,
      ...(bytes === 0 ? {} : { memoryBytes: bytes }),
      features: [],
      accuracy: this.#chance(0.5) ? null : { dev: this.#random(), test: 0.5 },
    } as const;
    const spec: MemberSpec = { id, name: id, rungs: [rung], bundled: of === null };
    return { spec, of, units: of === 'card' ? 1 : threads, bytes, watched: [], engine: null };
  }

  #launch(memberId: string, onLost: ConstructorParameters<typeof MortalEngine>[4]): MortalEngine {
    const seat = this.#seats.find(({ spec }) => spec.id === memberId);
    if (seat === undefined) throw new Error('nobody of that name');
    const watched: Watched = { loaded: false, working: 0 };
    seat.watched.push(watched);
    const fates = { load: () => this.#loadFate(), answer: (request: GenerateRequest) => this.#fate(request) };
    const backend = seat.of === 'card' ? 'webgpu' : 'cpu';
    const engine = new MortalEngine(this.clock, backend, fates, watched, onLost);
    seat.engine = engine;
    return engine;
  }

  #loadFate(): LoadFate {
    const ms = this.#between(0, 60);
    return this.#chance(0.03)
      ? { ms, fails: this.#pick(['model-load-failed', 'worker-lost'] as const) }
      : { ms };
  }

  #fate({ prompt, maxTokens }: GenerateRequest): Fate {
    const known = QUESTIONS.find((question) => prompt === question);
    // A reviewer or a chairman is asked something else: it answers with a letter, or with nothing of use.
    const text = known === undefined ? this.#pick(['A', 'B, A', 'hm']) : this.#pick(ANSWERS[known]);
    const words = text.split(/(?<= )/).slice(0, maxTokens);
    const fate = this.#random();
    const after = this.#between(0, words.length);
    const by =
      fate < 0.06
        ? 'death'
        : fate < 0.1
          ? 'stall'
          : fate < 0.12
            ? 'throw'
            : fate < 0.16
              ? this.#pick(['engine-failed', 'device-lost', 'out-of-memory', 'context-exceeded'] as const)
              : null;
    const stop = this.#random();
    return {
      words,
      firstMs: this.#between(1, 150),
      stepMs: this.#between(1, LONGEST_STEP_MS),
      stopMs: stop < 0.02 ? null : stop < 0.1 ? this.#between(1, 12_000) : 0,
      ...(by === null ? {} : { end: { after, by } }),
    };
  }

  async #round(index: number): Promise<void> {
    const hardDeadlineMs = this.#between(100, 3_000);
    const options: AskOptions = {
      rule: this.#pick(['auto', ...RULES] as const),
      samples: this.#between(1, 3),
      stop: this.#pick(STOPS),
      quorum: this.#between(1, 3),
      softDeadlineMs: this.#between(20, hardDeadlineMs),
      hardDeadlineMs,
      graceMs: this.#between(0, 300),
      ...(this.#chance(0.3)
        ? { weights: Object.fromEntries(this.#seats.map(({ spec }) => [spec.id, this.#between(0, 10)])) }
        : {}),
      seed: index,
    };
    const [chairman] = this.#chance(0.3) ? this.#seats : [];
    const asking = new AbortController();
    const ends: (() => void)[] = [];
    const sometimes = (share: number, task: () => void): void => {
      if (this.#chance(share)) ends.push(this.clock.after(this.#between(0, hardDeadlineMs), task));
    };
    sometimes(0.05, () => {
      asking.abort();
    });
    sometimes(0.05, () => {
      this.#service.stop();
    });
    sometimes(0.1, () => {
      this.#service.stop(this.#pick(this.#seats).spec.id);
    });
    sometimes(0.2, () => {
      this.#pick(this.#seats).engine?.die();
    });
    sometimes(0.03, () => void this.#service.restart(this.#pick(this.#seats).spec.id));
    // People start a member over that has failed for good.
    for (const { id, state } of this.#service.members())
      if (state === 'failed' && this.#chance(0.5)) void this.#service.restart(id);
    // The page loads the members while the question is typed.
    if (this.#chance(0.1)) void this.#service.prepare(new AbortController().signal);
    this.#events.length = 0;
    const begins = { ms: null as number | null };
    const unsubscribe = this.#service.subscribe(({ type }) => {
      if (type === 'round-started') begins.ms = this.clock.nowMs();
    });
    let outcome: Outcome<Deliberation> | null = null;
    void this.#service
      .ask(asking.signal, this.#pick(QUESTIONS), {
        ...options,
        ...(chairman === undefined ? {} : { chairman: chairman.spec.id }),
      })
      .then((settled) => {
        outcome = settled;
      });
    const settledOf = (): Outcome<Deliberation> | null => outcome;
    await turn();
    for (let steps = 0; settledOf() === null && steps < 20_000; steps += 1) {
      if (!this.clock.step()) await turn();
      await turn();
      this.#look();
    }
    for (const end of ends) end();
    unsubscribe();
    const settled = settledOf();
    if (settled === null) this.#broken(`round ${String(index)} never ends`);
    else if (settled.ok) this.#judge(settled.value, { hardDeadlineMs, startedMs: begins.ms ?? 0 });
    else this.#counts.refused += 1;
    // What was stopped may take its time; people do, too.
    if (this.#chance(0.5)) await this.#pass(this.#between(0, 20_000));
  }

  #judge(
    record: Deliberation,
    { hardDeadlineMs, startedMs }: { hardDeadlineMs: number; startedMs: number },
  ): void {
    const { members, outcome, answer } = record;
    const told = `${record.rule} ${record.outcome}`;
    const ids = members.map(({ id }) => id).sort();
    if (ids.join() !== this.#seats.map(({ spec }) => spec.id).join())
      this.#broken(`${told}: ${ids.join()} on record`);
    const spoke = members.filter(({ key }) => key !== null);
    if (spoke.length > 0 && answer === null) this.#broken(`${told}: members answered, the council did not`);
    if (spoke.length === 0 && answer !== null) this.#broken(`${told}: an answer that nobody gave`);
    if (
      record.key !== null &&
      !spoke.some(
        ({ key, samples }) => key === record.key || samples?.some((each) => each.key === record.key),
      )
    )
      this.#broken(`${told}: a key that nobody gave`);
    const ended = this.#events.filter((event) => event.type === 'member-ended');
    if (ended.length !== members.length) this.#broken(`${told}: ${String(ended.length)} parts ended`);
    if (this.#events.filter(({ type }) => type === 'round-decided').length > 1)
      this.#broken(`${told}: decided twice`);
    const ofRound = this.#events.filter(({ type }) => type !== 'members-changed');
    if (ofRound.at(-1)?.type !== 'round-ended') this.#broken(`${told}: something after the end`);
    const { announcedAfter = null } = record;
    if (announcedAfter !== null && !record.decidedEarly)
      for (const { id, status, endedAs = 0 } of members)
        if (endedAs >= announcedAfter && status === 'answered' && !this.#endedWithAnnouncement(record, id))
          this.#broken(`${told}: ${id} came after the answer and is not called late`);
    if (record.lateWouldFlip && outcome !== 'partial')
      this.#broken(`${told}: overtaken, and not called partial`);
    const silent = members.filter(({ status }) => ['timeout', 'lost', 'stopped', 'failed'].includes(status));
    if (silent.some(({ id }) => !record.missing.includes(id)))
      this.#broken(`${told}: somebody is missed by nobody`);
    const again = replay(record);
    if (!again.ok) this.#broken(`${told}: no replay, ${again.error.code}`);
    else if (again.value.differences.length > 0)
      this.#broken(`${told}: replayed otherwise in ${again.value.differences.join()}`);
    const tookMs = this.clock.nowMs() - startedMs;
    if (tookMs >= hardDeadlineMs) {
      this.#counts.atHardDeadline += 1;
      this.latenessMs.push(tookMs - hardDeadlineMs);
    }
    if (answer !== null) this.#counts.answered += 1;
    const faults = members.filter(({ status }) => ['timeout', 'lost', 'failed'].includes(status));
    if (answer !== null && faults.length > 0) this.#counts.survived += 1;
    this.#counts.lost += members.filter(({ status }) => status === 'lost').length;
    this.#counts.late += members.filter(({ status }) => status === 'late').length;
    this.#counts.waited += members.filter(({ waitedMs = 0 }) => waitedMs > 0).length;
  }

  /** The last part that the quorum needed ends after the answer is told, in the same moment. */
  #endedWithAnnouncement(record: Deliberation, id: string): boolean {
    const decided = this.#events.findIndex(({ type }) => type === 'round-decided');
    const decidedEvent = this.#events[decided];
    return (
      decidedEvent?.type === 'round-decided' &&
      !decidedEvent.outstanding.includes(id) &&
      record.members.length > 0
    );
  }

  /** What must hold at every moment. */
  #look(): void {
    for (const of of COMPUTE) {
      const here = this.#seats.filter((seat) => seat.of === of);
      const bytes = here.reduce(
        (sum, seat) => sum + (seat.watched.some(({ loaded }) => loaded) ? seat.bytes : 0),
        0,
      );
      const units = here.reduce(
        (sum, seat) => sum + seat.units * seat.watched.reduce((count, { working }) => count + working, 0),
        0,
      );
      const most = Math.max(of === 'card' ? 1 : THREADS, ...here.map((seat) => seat.units));
      if (units > most) this.#broken(`${String(units)} of ${String(most)} units of the ${of} at work`);
      if (bytes > this.#room[of])
        this.#broken(`${String(bytes)} of ${String(this.#room[of])} bytes of the ${of} taken`);
    }
  }

  async #pass(ms: number): Promise<void> {
    const endMs = this.clock.nowMs() + ms;
    await turn();
    while (this.clock.nextDueMs <= endMs) {
      this.clock.step();
      await turn();
    }
    this.clock.advance(endMs - this.clock.nowMs());
    await turn();
  }

  #broken(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  #pick<T>(choices: readonly T[]): T {
    const choice = choices[this.#between(0, choices.length - 1)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}

/** The council as the app wires it, on a virtual clock, with members that die, stall, fail and come back. */
export function simulateCouncil(seed: number, rounds: number): Promise<SimulatedCouncil> {
  return new World(seed).play(rounds);
}
