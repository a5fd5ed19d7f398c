import * as v from 'valibot';
import { HEADLESS_SCHEMAS, type Verb, type VerbDocument } from '../../src/contracts/headless.ts';
import { readCommand, type Command } from './arguments.ts';
import { DriverFailure, driverFailureOf, errorDocument } from './failures.ts';
import { render, renderError } from './render.ts';
import { Session, type Log } from './session.ts';
import { ask } from './verbs/ask.ts';
import { bench } from './verbs/bench.ts';
import { evaluate } from './verbs/eval.ts';
import { history } from './verbs/history.ts';
import { models } from './verbs/models.ts';
import { open } from './verbs/open.ts';
import { plan } from './verbs/plan.ts';
import { predict } from './verbs/predict.ts';
import { probe } from './verbs/probe.ts';
import { selftest } from './verbs/selftest.ts';
import { serve } from './verbs/serve.ts';

const log: Log = (line) => {
  process.stderr.write(`${line}\n`);
};

/** Parses a document with the schema of its verb: what does not fit the contract is never printed. */
function checked<V extends Verb>(verb: V, document: unknown): VerbDocument<V> {
  const parsed = v.safeParse(HEADLESS_SCHEMAS[verb], document);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new DriverFailure('internal', `The document of ${verb} does not fit its schema: ${issue.message}`, {
    path: v.getDotPath(issue) ?? '(root)',
  });
}

/** Verbs that open the app, look, and end. */
type OneShot = Exclude<Command, { verb: 'serve' }>;

function work(session: Session, command: OneShot): Promise<unknown> {
  switch (command.verb) {
    case 'probe':
      return probe(session);
    case 'plan':
      return plan(session, command);
    case 'predict':
      return predict(session, command);
    case 'ask':
      return ask(session, command);
    case 'eval':
      return evaluate(session, command);
    case 'bench':
      return bench(session);
    case 'models':
      return models(session, command);
    case 'history':
      return history(session, command);
    case 'open':
      return open(session, command);
    case 'selftest':
      return selftest(session, command.common, log);
  }
}

async function documentOf(command: OneShot): Promise<VerbDocument<OneShot['verb']>> {
  const session = await Session.open(command.common, log);
  try {
    return checked(command.verb, await work(session, command));
  } finally {
    await session.close();
  }
}

/** Whole documents in one write; waits until a pipe has taken them. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => {
      resolve();
    });
  });
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  // Known before the arguments are: a misuse is told in the form that was asked for.
  const json = argv.includes('--json');
  try {
    const command = readCommand(argv, process.env);
    if (command.verb === 'serve') {
      return await serve(command, log, (started) => {
        const document = checked('serve', started);
        return print(json ? JSON.stringify(document) : render('serve', document));
      });
    }
    const document = await documentOf(command);
    await print(json ? JSON.stringify(document) : render(command.verb, document));
    return 'error' in document && document.error !== undefined ? 1 : 0;
  } catch (error) {
    const failure = driverFailureOf(error);
    const document = errorDocument(failure);
    if (json) await print(JSON.stringify(document));
    else log(renderError(document));
    return failure.exitCode;
  }
}

process.exitCode = await main();
