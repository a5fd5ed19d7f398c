import type { RecordedBallot, RecordedMember, RecordedSample, RecordHead } from '#contracts/calibration';

/** What a member said: a number, null for an abstention, '?' for what does not parse. */
export type Said = number | null | '?';

export const ALDER_BIRCH_CEDAR: readonly RecordedMember[] = (
  [
    ['alder', 0.8],
    ['birch', 0.9],
    ['cedar', 0.7],
  ] as const
).map(([id, devAccuracy]) => ({ id, name: id, backend: 'cpu', fingerprint: `cpu ${id}`, devAccuracy }));

function sample(memberId: string, index: number, said: Said, seat: number): RecordedSample {
  return {
    memberId,
    index,
    key: typeof said === 'number' ? String(said) : null,
    text: said === null ? 'I cannot answer that.' : String(said),
    tokens: 10 * (seat + 1),
    confidence: 0.5,
    arrival: seat + 10 * index,
    durationMs: 5,
    abstained: said === null,
  };
}

/** One question whose answer is `truth`; for each member in order, all that it said. */
export function recordedBallot(
  truth: number,
  said: readonly (readonly Said[])[],
  change: Partial<RecordedBallot['question']> = {},
  members: readonly RecordedMember[] = ALDER_BIRCH_CEDAR,
): RecordedBallot {
  return {
    schema: 'witan.calibration-ballot',
    version: 1,
    question: {
      id: `q${String(truth)}`,
      family: 'addition',
      kind: 'number',
      prompt: `What is ${String(truth)} + 0?`,
      answer: String(truth),
      ...change,
    },
    samples: members.flatMap(({ id }, seat) =>
      (said[seat] ?? []).map((each, index) => sample(id, index, each, seat)),
    ),
  };
}

export function recordHead(change: Partial<RecordHead> = {}): RecordHead {
  return {
    schema: 'witan.calibration',
    version: 1,
    id: '0123456789abcdef',
    split: 'test',
    questionSetSha256: 'ab'.repeat(32),
    seed: 7,
    samples: 1,
    extra: null,
    temperature: 0.7,
    members: [...ALDER_BIRCH_CEDAR],
    machine: 'Chrome/1 {}',
    startedAt: 1_700_000_000_000,
    ...change,
  };
}
