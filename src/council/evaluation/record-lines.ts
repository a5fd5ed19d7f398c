import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import {
  RecordedBallotSchema,
  RecordedQuestionSchema,
  RecordHeadSchema,
  type RecordedBallot,
  type RecordHead,
} from '#contracts/calibration';
import { failure, type Outcome } from '#contracts/errors';

/** A question with its answers on one level, so that the line is also one of the user's own questions. */
const LineSchema = v.object({
  ...RecordedQuestionSchema.entries,
  samples: RecordedBallotSchema.entries.samples,
});

export interface WholeRecord {
  readonly head: RecordHead;
  readonly ballots: readonly RecordedBallot[];
}

/** A record as JSON lines: its head, then a line for each question with every answer to it. */
export function recordLines({ head, ballots }: WholeRecord): string {
  const lines = ballots.map(({ question, samples }) => ({ ...question, samples }));
  return [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function parsedLine<S extends v.GenericSchema>(schema: S, line: string): v.InferOutput<S> | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(line));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Reads what `recordLines` wrote. Errors: record-invalid with the number of the line, from 1. */
export function parseRecordLines(text: string): Outcome<WholeRecord> {
  const lines = text.split('\n').filter((line) => line !== '');
  const head = parsedLine(RecordHeadSchema, lines[0] ?? '');
  if (head === null) return err(failure('record-invalid', { line: 1 }));
  const ballots: RecordedBallot[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    const parsed = parsedLine(LineSchema, line);
    if (parsed === null) return err(failure('record-invalid', { line: index + 2 }));
    const { samples, ...question } = parsed;
    ballots.push({ schema: 'witan.calibration-ballot', version: 1, question, samples });
  }
  return ok({ head, ballots });
}
