import type { AskOptions, Deliberation, FrameSummary } from '../../../src/contracts/deliberation.ts';
import type { AskDocument } from '../../../src/contracts/headless.ts';
import type { Evidence } from '../../../src/contracts/evidence.ts';
import type { CommandOf } from '../arguments.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

export interface AskedRound {
  readonly record: Deliberation;
  readonly loadMs: number;
  /** Frames painted while the question was asked, by the page's own frame clock. */
  readonly frames: FrameSummary;
  readonly recorded: boolean;
  readonly evidence?: Evidence;
}

/** One question to the loaded council. @throws DriverFailure with the code of the app */
export async function askOnce(
  session: Session,
  prompt: string,
  seed: number,
  options: Omit<AskOptions, 'seed'> = {},
): Promise<AskedRound> {
  const argument = { prompt, options: { ...options, seed } };
  const outcome = await session.run(argument, async ({ ports, signal }, { prompt, options }) => {
    const startMs = performance.now();
    const prepared = await ports.council.prepare(signal);
    if (!prepared.ok) return prepared;
    const loadMs = performance.now() - startMs;
    const { mark } = ports.monitor.frames();
    const asked = await ports.council.ask(signal, prompt, options);
    if (!asked.ok) return asked;
    const { summary } = ports.monitor.frames(mark);
    const kept = await ports.history.get(asked.value.id);
    return { ok: true as const, value: { record: asked.value, loadMs, frames: summary, recorded: kept.ok } };
  });
  return valueOf(outcome);
}

/** The document of `ask`. */
export function askDocument({ record, loadMs, frames, recorded, evidence }: AskedRound): AskDocument {
  const { weights, tieBreaker } = record;
  return {
    schema: 'witan.ask',
    version: 1,
    prompt: record.prompt,
    answer: record.answer,
    outcome: record.outcome,
    rule: record.rule,
    agreement: record.agreement,
    decidedEarly: record.decidedEarly,
    callsSaved: record.callsSaved,
    members: record.members.map((member) => ({
      id: member.id,
      name: member.name,
      engine: member.engine,
      backend: member.backend,
      answer: member.answer,
      key: member.key,
      status: member.status,
      tokens: member.tokens,
      ttft: member.ttftMs,
      tokensPerSecond: member.tokensPerSecond,
      duration: member.durationMs,
      ...(member.error === undefined ? {} : { error: member.error }),
    })),
    missing: [...record.missing],
    dissent: record.dissent,
    ...(weights === undefined ? {} : { weights }),
    ...(tieBreaker === undefined ? {} : { tieBreaker }),
    ...(evidence === undefined ? {} : { evidence }),
    wall: record.wallMs,
    decided: record.decidedMs,
    load: loadMs,
    frames: record.frames ?? frames,
    recordId: record.id,
    ...(record.cached === undefined ? {} : { cached: record.cached }),
    recorded,
    seed: record.seed,
  };
}

/** Copying 15 MB for offline use takes a second or two; a browser that refuses service workers is not waited for. */
const OFFLINE_COPY_LIMIT_MS = 15_000;

/**
 * Waits until the service worker has made its offline copy. It does so once, on a first visit, and the driver's visit is
 * a first one each time: the figures of a round would otherwise be those of a machine that copies files.
 */
async function awaitOfflineCopy(session: Session): Promise<void> {
  await session.run(OFFLINE_COPY_LIMIT_MS, async (_tools, limitMs) => {
    const { serviceWorker } = navigator as Partial<Navigator>;
    if ((await serviceWorker?.getRegistration()) === undefined) return;
    await Promise.race([serviceWorker?.ready, new Promise((resolve) => setTimeout(resolve, limitMs))]);
  });
}

/** What an answer rests on; nothing where the app cannot say: the answer is there all the same. */
async function evidenceOf(session: Session, record: Deliberation): Promise<Pick<AskedRound, 'evidence'>> {
  const found = await session.run(record, async ({ ports }, record) => {
    try {
      return await (await ports.evidence()).of(record);
    } catch {
      return null;
    }
  });
  return found?.ok === true ? { evidence: found.value } : {};
}

export async function ask(session: Session, command: CommandOf<'ask'>): Promise<AskDocument> {
  await awaitOfflineCopy(session);
  const { prompt, members, rule, samples, allowRemote, weights, chairman, fresh, common } = command;
  const options = {
    allowRemote,
    rule,
    samples,
    fresh,
    ...(members === undefined ? {} : { members }),
    ...(weights === undefined ? {} : { weights }),
    ...(chairman === undefined ? {} : { chairman }),
  };
  const asked = await askOnce(session, prompt, common.seed, options);
  return askDocument({ ...asked, ...(await evidenceOf(session, asked.record)) });
}
