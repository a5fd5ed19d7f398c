import { ok } from '#kernel/result';
import type { KeptRecord } from '#contracts/calibration';
import type { CouncilMember, MemberView, Roster } from '#contracts/council';
import { NOTHING_SAID, type GenerateRequest } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import { CalibrationService } from '../../src/app/calibration-service.ts';
import { evaluate } from '../../src/council/evaluation/evaluate.ts';
import { CalibrationStore } from '../../src/storage/calibration-store.ts';
import { openedDatabase } from './fresh-database.ts';
import { PLAIN_RULES } from './plain-rules.ts';
import { ABSTAIN } from './played-round.ts';
import { scriptedMembers } from './scripted-engine.ts';
import { VirtualClock } from './virtual-clock.ts';

const NOTHING = (): void => undefined;
const QUESTIONS = Array.from({ length: 12 }, (_, n) => ({
  id: `q${String(n).padStart(2, '0')}`,
  family: n % 2 === 0 ? 'sums' : 'more sums',
  level: 1,
  kind: 'number' as const,
  prompt: `What is ${String(n)} + 1?`,
  answer: String(n + 1),
}));

/** A device with two members: the first is right, the second is wrong in every third question. */
export class CalibrationRig {
  readonly requests: GenerateRequest[] = [];
  sizeBytes = 100;
  /** What becomes of the next reports; null: they come. */
  fault: Outcome<never> | null = null;
  /** Called before each answer. */
  onAsk: (count: number) => void = NOTHING;
  roster: Roster;
  readonly clock = new VirtualClock();

  constructor() {
    this.roster = { ready: this.members(), absent: [] };
  }

  members(): readonly CouncilMember[] {
    return scriptedMembers(this.clock, [{}, {}]).map((member, seat) => {
      member.engine.generate = (signal, request) => {
        this.requests.push(request);
        this.onAsk(this.requests.length);
        if (signal.aborted) return Promise.resolve(ok(NOTHING_SAID));
        const n = Number(/\d+/.exec(request.prompt)?.[0]);
        const text = String(seat === 1 && n % 3 === 0 ? 99 : n + 1);
        return Promise.resolve(ok({ ...NOTHING_SAID, finish: 'stop', text, completionTokens: 2 }));
      };
      return member;
    });
  }

  /** As a page that was just opened. */
  async service(): Promise<CalibrationService> {
    const store = new CalibrationStore(await openedDatabase());
    return new CalibrationService({
      clock: this.clock,
      council: {
        exclusively: (_signal, task) => task(),
        about: () =>
          Promise.resolve(
            ok({ schema: 'witan.starter-council', version: 1, generated: '', abstain: ABSTAIN, members: [] }),
          ),
        roster: () => Promise.resolve(ok(this.roster)),
        members: () =>
          this.roster.ready.map(({ id }) => ({ id, parameters: 7, sizeBytes: this.sizeBytes }) as MemberView),
      },
      catalogue: {
        questions: () =>
          Promise.resolve(
            ok({
              schema: 'witan.question-set',
              version: 1,
              split: 'test',
              sha256: 'cd'.repeat(32),
              questions: QUESTIONS,
            }),
          ),
      },
      store: () => Promise.resolve(store),
      rules: PLAIN_RULES,
      evaluate: ({ wallMs, at, ...record }) =>
        Promise.resolve(this.fault ?? ok(evaluate(record, { rules: PLAIN_RULES, wallMs, at }))),
      machine: () => Promise.resolve('Chrome/1 {}'),
    });
  }
}

export async function keptBy(service: CalibrationService): Promise<readonly KeptRecord[]> {
  const records = await service.records();
  if (!records.ok) throw new Error(records.error.code);
  return records.value;
}
