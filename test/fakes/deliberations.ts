import type { Deliberation } from '#contracts/deliberation';

/** A finished round of two members that agreed. */
export function deliberation(id: string, askedAt: number, more: Partial<Deliberation> = {}): Deliberation {
  const member = (memberId: string): Deliberation['members'][number] => ({
    id: memberId,
    name: memberId,
    engine: 'wllama',
    backend: 'cpu',
    status: 'answered',
    answer: '85',
    key: '85',
    tokens: 2,
    ttftMs: 20,
    tokensPerSecond: 60,
    durationMs: 50,
  });
  return {
    schema: 'witan.deliberation',
    version: 1,
    id,
    askedAt,
    prompt: 'What is 38 + 47?',
    answerKind: 'number',
    rule: 'plurality',
    outcome: 'decided',
    answer: '85',
    key: '85',
    agreement: 1,
    decidedEarly: false,
    decidedMs: 50,
    callsSaved: 0,
    members: [member('alder'), member('birch')],
    dissent: [],
    missing: [],
    lateWouldFlip: false,
    wallMs: 50,
    frames: null,
    seed: 1,
    ...more,
  };
}
