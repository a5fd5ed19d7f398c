import type { CouncilMember, RoundEvent } from '#contracts/council';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import { answerShape } from '../../src/council/answer-shape.ts';
import type { RoundPlan } from '../../src/council/round-plan.ts';
import { Round } from '../../src/council/round.ts';
import { scriptedMembers, type Script } from './scripted-engine.ts';
import { turn } from './turn.ts';
import { VirtualClock } from './virtual-clock.ts';

export const ABSTAIN = 'I cannot answer that. I only know small exact tasks.';

export interface PlayedRound {
  readonly clock: VirtualClock;
  readonly members: readonly CouncilMember[];
  readonly round: Round;
  readonly events: readonly RoundEvent[];
  /** Moves time on in steps (of 5 ms) and lets every promise settle at each. */
  pass(forMs: number, stepMs?: number): Promise<void>;
  /** The record, or null while the round runs. */
  readonly record: () => Omit<Deliberation, 'frames'> | null;
}

export const NUMBER_QUESTION = 'What is 38 + 47?';

/** Starts a round of scripted members on a virtual clock. */
export function playRound(
  scripts: readonly Script[],
  plan: Partial<RoundPlan> = {},
  onEvent: (event: RoundEvent, round: Round) => void = () => undefined,
): PlayedRound {
  const clock = new VirtualClock();
  const members = scriptedMembers(clock, scripts);
  const events: RoundEvent[] = [];
  const prompt = plan.prompt ?? NUMBER_QUESTION;
  const full: RoundPlan = {
    id: 'round-1',
    prompt,
    shape: answerShape(prompt, ABSTAIN),
    members,
    absent: [],
    abstain: ABSTAIN,
    seed: 7,
    softDeadlineMs: 1000,
    hardDeadlineMs: 2000,
    quorum: 2,
    graceMs: 200,
    ...plan,
  };
  const round: Round = new Round(full, clock, (event) => {
    events.push(event);
    onEvent(event, round);
  });
  let record: Omit<Deliberation, 'frames'> | null = null;
  void round.run().then((ended) => {
    record = ended;
  });
  const pass = async (forMs: number, stepMs = 5): Promise<void> => {
    for (let passed = 0; passed < forMs; passed += stepMs) {
      clock.advance(Math.min(stepMs, forMs - passed));
      await turn();
    }
  };
  return { clock, members, round, events, pass, record: () => record };
}

/** Plays a round to its end, at most to its hard deadline. */
export async function playedRecord(
  scripts: readonly Script[],
  plan: Partial<RoundPlan> = {},
): Promise<Omit<Deliberation, 'frames'>> {
  const played = playRound(scripts, plan);
  await turn();
  for (let passed = 0; played.record() === null && passed <= 2500; passed += 5) await played.pass(5);
  const record = played.record();
  if (record === null) throw new Error('the round did not end by its hard deadline');
  return record;
}

/** `a:answered b:cut`: how each member's part ended. */
export function statuses(members: readonly MemberOutcome[]): string {
  return members.map((member) => `${member.id}:${member.status}`).join(' ');
}
