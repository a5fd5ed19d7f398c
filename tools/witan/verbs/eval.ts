import type { VerbDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

export async function evaluate(
  session: Session,
  { questions, split, common }: CommandOf<'eval'>,
): Promise<VerbDocument<'eval'>> {
  const options = { questions, split, seed: common.seed };
  const outcome = await session.run(options, ({ ports, signal, say }, options) =>
    ports.evaluation.run(signal, options, (done, total) => {
      if (done % 20 === 0 || done === total) say(`${done} of ${total} questions`);
    }),
  );
  return valueOf(outcome);
}
