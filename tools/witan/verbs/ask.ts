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
  readonly conversation: AskDocument['conversation'];
  readonly evidence?: Evidence;
}

/** One question to the loaded council. @throws DriverFailure with the code of the app */
export async function askOnce(
  session: Session,
  prompt: string,
  seed: number,
  options: Omit<AskOptions, 'seed'> = {},
  continued: string | null = null,
): Promise<AskedRound> {
  const argument = { prompt, options: { ...options, seed }, continued };
  const outcome = await session.run(argument, async ({ ports, signal }, { prompt, options, continued }) => {
    const startMs = performance.now();
    const prepared = await ports.council.prepare(signal);
    if (!prepared.ok) return prepared;
    const loadMs = performance.now() - startMs;
    /** The conversation of that id, or that of the record, or a new one that begins with it. */
    const opened = async (id: string) => {
      const talk = await ports.conversations();
      const found = await talk.get(id);
      if (found.ok) return found;
      const first = await ports.history.get(id);
      if (!first.ok) return first;
      const thread = first.value.threadId === undefined ? null : await talk.get(first.value.threadId);
      return thread?.ok === true ? thread : { ok: true as const, value: talk.begin(undefined, first.value) };
    };
    const conversation = continued === null ? null : await opened(continued);
    if (conversation?.ok === false) return conversation;
    const { mark } = ports.monitor.frames();
    const askWith = async () => {
      if (conversation === null) {
        const asked = await ports.council.ask(signal, prompt, options);
        return asked.ok ? { ok: true as const, value: { record: asked.value, turn: null } } : asked;
      }
      const talk = await ports.conversations();
      const asked = await talk.ask(signal, conversation.value, prompt, options);
      if (!asked.ok) return asked;
      const { conversation: now, turnId, record } = asked.value;
      let turns = 0;
      for (let at: string | null = turnId; at !== null; turns += 1)
        at = now.turns.find(({ id }) => id === at)?.parentId ?? null;
      return { ok: true as const, value: { record, turn: { id: now.id, turnId, turns, view: now.view } } };
    };
    const asked = await askWith();
    if (!asked.ok) return asked;
    const { record, turn } = asked.value;
    const { summary } = ports.monitor.frames(mark);
    const kept = await ports.history.get(record.id);
    const recorded = kept.ok;
    return { ok: true as const, value: { record, loadMs, frames: summary, recorded, conversation: turn } };
  });
  return valueOf(outcome);
}

/** The document of `ask`. */
export function askDocument({
  record,
  loadMs,
  frames,
  recorded,
  conversation,
  evidence,
}: AskedRound): AskDocument {
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
      ...(member.history === undefined ? {} : { history: member.history }),
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
    conversation,
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
  const { prompt, members, rule, samples, allowRemote, weights, chairman, fresh, continued, common } =
    command;
  const options = {
    allowRemote,
    rule,
    samples,
    fresh,
    ...(members === undefined ? {} : { members }),
    ...(weights === undefined ? {} : { weights }),
    ...(chairman === undefined ? {} : { chairman }),
  };
  const asked = await askOnce(session, prompt, common.seed, options, continued ?? null);
  return askDocument({ ...asked, ...(await evidenceOf(session, asked.record)) });
}
