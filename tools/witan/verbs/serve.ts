import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { ServeDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import type { DriverFailure } from '../failures.ts';
import { COUNCIL_MODEL } from '../serve/asking.ts';
import { ApiServer } from '../serve/api-server.ts';
import { PageBackend } from '../serve/page-backend.ts';
import { PageKeeper, type OpenPage } from '../serve/page-keeper.ts';
import { TurnQueue } from '../serve/turn-queue.ts';
import { Session, type Log } from '../session.ts';

/** npm and tsx pass a signal on to a process that has it already; that is no second one. */
const SAME_SIGNAL_MS = 500;
/** After a signal running answers may end for this long; a second signal cuts them. */
const GRACE_MS = 30_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function openPage({ common, serve }: CommandOf<'serve'>, log: Log): Promise<OpenPage> {
  const session = await Session.open(common, log, { ownSignals: true });
  const died = new Promise<void>((resolve) => {
    session.page.once('crash', () => {
      resolve();
    });
    // Also when the browser went; our own end of the session takes the listener away first.
    session.page.once('close', () => {
      resolve();
    });
  });
  try {
    const council = await PageBackend.open(session, serve.allowRemote);
    return { council, died, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Resolves with the first of the signals; those after it go to `again`. */
function firstSignal(again: () => void): { readonly came: Promise<string>; readonly forget: () => void } {
  let listener: (name: string) => void = () => undefined;
  const came = new Promise<string>((resolve) => {
    let firstMs: number | null = null;
    listener = (name) => {
      const nowMs = systemClock.nowMs();
      firstMs ??= nowMs;
      if (nowMs - firstMs > SAME_SIGNAL_MS) again();
      resolve(name);
    };
    for (const name of SIGNALS) process.on(name, listener);
  });
  const forget = (): void => {
    for (const name of SIGNALS) process.off(name, listener);
  };
  return { came, forget };
}

/**
 * Offers the council behind OpenAI's protocol until a signal comes. Running answers end first.
 * @param started told once, when the server listens
 * @returns the exit code: 1 when the page of the app could not be kept
 * @throws DriverFailure when it could not be started
 */
export async function serve(
  command: CommandOf<'serve'>,
  log: Log,
  started: (document: ServeDocument) => Promise<void>,
): Promise<number> {
  const { serve: options, common } = command;
  let giveUp: (problem: DriverFailure) => void = () => undefined;
  const givenUp = new Promise<DriverFailure>((resolve) => {
    giveUp = resolve;
  });
  const keeper = new PageKeeper({
    open: () => openPage(command, log),
    onGivenUp: (problem) => {
      giveUp(problem);
    },
    log,
  });
  const queue = new TurnQueue(systemClock, options.queue);
  const server = new ApiServer({
    backend: keeper,
    queue,
    clock: systemClock,
    rules: { seed: common.seed, leaveOut: options.leaveOut },
    newId: randomUUID,
    guard: options,
    port: options.port,
    log: (line) => {
      log(`${new Date().toISOString()} ${line}`);
    },
  });
  const signal = firstSignal(() => {
    server.cut();
  });
  try {
    await keeper.start();
    const url = await server.listen();
    const models = [COUNCIL_MODEL, ...keeper.members().map(({ id }) => id)];
    const token = options.token !== null;
    await started({ schema: 'witan.serve', version: 1, url, models, token, queue: options.queue });
    const end = await Promise.race([signal.came, givenUp]);
    if (typeof end === 'string') log(`${end}: running answers end, then the server does.`);
    else log(`The council cannot be kept: ${end.message}`);
    await server.close(GRACE_MS);
    return typeof end === 'string' ? 0 : 1;
  } finally {
    await keeper.close();
    signal.forget();
  }
}
