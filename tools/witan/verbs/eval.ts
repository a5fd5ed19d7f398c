import { readFileSync, writeFileSync } from 'node:fs';
import type { VerbDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { driverFailureOf, misuse, valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

function withFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw misuse(`${file}: ${driverFailureOf(thrown).message}`);
  }
}

/** Asks the members of the app, and replays every rule. What a kept profile was answered before is not asked again. */
export async function evaluate(
  session: Session,
  { questions, split, samples, questionFile, recordFile, common }: CommandOf<'eval'>,
): Promise<VerbDocument<'eval'>> {
  const own =
    questionFile === undefined
      ? {}
      : { own: withFile(questionFile, () => readFileSync(questionFile, 'utf8')) };
  const options = { questions, split, samples, seed: common.seed, ...own };
  const outcome = await session.run(options, ({ ports, signal, say }, options) =>
    ports.calibration.run(signal, options, (done, total) => {
      if (done % 20 === 0 || done === total) say(`${done} of ${total} questions`);
    }),
  );
  const report = valueOf(outcome);
  if (recordFile !== undefined) {
    const lines = valueOf(
      await session.run(report.calibration.recordId, ({ ports }, id) => ports.calibration.exportRecord(id)),
    );
    withFile(recordFile, () => {
      writeFileSync(recordFile, lines);
    });
  }
  return report;
}
