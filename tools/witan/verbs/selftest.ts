import type { SelfCheck, SelftestDocument } from '../../../src/contracts/headless.ts';
import type { CommonOptions } from '../arguments.ts';
import { driverFailureOf } from '../failures.ts';
import type { Log, Session } from '../session.ts';
import { askOnce } from './ask.ts';
import { benchQuick } from './bench.ts';
import { open } from './open.ts';
import { probe } from './probe.ts';

type Seen = Omit<SelfCheck, 'name'>;
interface Check {
  readonly name: string;
  readonly look: (session: Session, common: CommonOptions) => Promise<Seen>;
}

const QUESTION = 'What is 38 + 47?';
const ANSWER = '85';
/** Easy ones on which the members agree, so that the vote is decided before the last has finished. */
const EASY = [QUESTION, 'What is 12 + 30?', 'What is 50 - 8?', 'What is 7 + 5?'];
/** What is tried is the members, not what they said before. */
const FRESH = { fresh: true };
/** Two hundred milliseconds are two ticks of the sampler; ten seconds bound a machine that is very busy. */
const METRICS_WAIT_MS = 10_000;

const isolation: Check = {
  name: 'isolation',
  look: async (session) => {
    const seen = await session.run(null, async () => ({
      isolated: crossOriginIsolated,
      shared: typeof SharedArrayBuffer === 'function',
      cores: navigator.hardwareConcurrency,
    }));
    const pass = seen.isolated && seen.shared;
    return {
      pass,
      figure: seen.cores,
      unit: 'cores',
      detail: pass ? 'cross-origin isolated' : 'not isolated',
    };
  },
};

const probing: Check = {
  name: 'probe',
  look: async (session) => {
    const { tier, confidence, reasons } = await probe(session);
    const detail = `tier ${tier} for ${reasons.length} reasons`;
    return { pass: reasons.length > 0, figure: confidence, unit: 'confidence 0..1', detail };
  },
};

const members: Check = {
  name: 'members',
  look: async (session) => {
    const views = await session.run(null, async ({ ports, signal }) => {
      await ports.council.prepare(signal);
      return ports.council.members().map(({ id, state, loadMs }) => ({ id, state, loadMs }));
    });
    const ready = views.filter((view) => view.state === 'ready').length;
    const detail = views
      .map((view) => `${view.id} ${view.state} ${Math.round(view.loadMs ?? 0)} ms`)
      .join(', ');
    return {
      pass: views.length >= 3 && ready === views.length,
      figure: ready,
      unit: 'members ready',
      detail,
    };
  },
};

const asking: Check = {
  name: 'ask',
  look: async (session, common) => {
    const { record } = await askOnce(session, QUESTION, common.seed, FRESH);
    const voted = record.members.filter((member) => member.status === 'answered').length;
    const detail = `${QUESTION} ${record.answer ?? 'no answer'}, ${voted} of ${record.members.length} voted`;
    return { pass: record.answer === ANSWER, figure: record.wallMs, unit: 'ms', detail };
  },
};

const history: Check = {
  name: 'history',
  look: async (session, common) => {
    const { record } = await askOnce(session, QUESTION, common.seed, FRESH);
    const seen = await session.run(null, async ({ ports }) => {
      const list = await ports.history.list(50);
      const persistent = await ports.history.persistent();
      if (!list.ok) return { persistent, count: 0, newest: '' };
      return { persistent, count: list.value.length, newest: list.value[0]?.id ?? '' };
    });
    const pass = seen.persistent && seen.newest === record.id;
    const detail = seen.persistent ? 'the newest record is the one just asked' : 'this browser keeps nothing';
    return { pass, figure: seen.count, unit: 'records', detail: pass ? detail : `wrong: ${seen.newest}` };
  },
};

const earlyStop: Check = {
  name: 'early-stop',
  look: async (session, common) => {
    let early = 0;
    let saved = 0;
    for (const question of EASY) {
      const { record } = await askOnce(session, question, common.seed, FRESH);
      if (record.decidedEarly) early += 1;
      saved += record.callsSaved;
    }
    const detail = `${early} of ${EASY.length} decided before the last vote, ${saved} calls saved`;
    return { pass: early > 0, figure: early, unit: 'rounds', detail };
  },
};

const metrics: Check = {
  name: 'metrics',
  look: async (session, common) => {
    const before = await session.run(null, ({ ports }) => ports.monitor.stats());
    await askOnce(session, QUESTION, common.seed, FRESH);
    const after = await session.run(
      { seen: before.samples, waitMs: METRICS_WAIT_MS },
      async ({ ports }, { seen, waitMs }) => {
        const endMs = performance.now() + waitMs;
        let stats = await ports.monitor.stats();
        // Two more samples: the one under way and one that surely began after the question.
        while (stats.samples < seen + 2 && performance.now() < endMs) {
          await new Promise(requestAnimationFrame);
          stats = await ports.monitor.stats();
        }
        return stats;
      },
    );
    const taken = after.samples - before.samples;
    const detail = `${after.missedTicks} ticks missed, ${after.meanTickUs.toFixed(0)} µs a tick`;
    return { pass: taken >= 2, figure: after.samples, unit: 'samples', detail };
  },
};

const benchLink: Check = {
  name: 'bench-link',
  look: async (session, common) => {
    const { result, link } = await benchQuick(session);
    const opened = await open(session, { verb: 'open', link, common });
    const pass = JSON.stringify(opened.result) === JSON.stringify(result);
    const detail = pass ? 'the opened link equals the result' : 'the opened link differs from the result';
    return { pass, figure: link.length, unit: 'characters', detail };
  },
};

const offline: Check = {
  name: 'offline',
  look: async (session, common) => {
    if (!session.serves)
      return { pass: true, figure: null, unit: 'ms', detail: 'not tried: another server serves the app' };
    const cached = await session.run(null, async () => {
      // Active means that installing has ended, and installing is what fills the cache.
      await navigator.serviceWorker.ready;
      const names = await caches.keys();
      const sizes = await Promise.all(
        names.map(async (name) => (await (await caches.open(name)).keys()).length),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    });
    await session.stopServing();
    await session.visit(session.page.url());
    const { record, loadMs } = await askOnce(session, QUESTION, common.seed, FRESH);
    const detail = `${cached} files cached, ${record.answer ?? 'no answer'} without a server`;
    return { pass: record.answer === ANSWER, figure: loadMs + record.wallMs, unit: 'ms', detail };
  },
};

/** The last one takes the server away. */
const CHECKS = [isolation, probing, members, asking, history, earlyStop, metrics, benchLink, offline];

async function result(check: Check, session: Session, common: CommonOptions): Promise<SelfCheck> {
  try {
    return { name: check.name, ...(await check.look(session, common)) };
  } catch (error) {
    const failure = driverFailureOf(error);
    const detail = `${failure.code}: ${failure.message}`;
    return { name: check.name, pass: false, figure: null, unit: '', detail };
  }
}

/** Every pillar of the app once. A check that fails does not stop the others. */
export async function selftest(session: Session, common: CommonOptions, log: Log): Promise<SelftestDocument> {
  const startMs = performance.now();
  const checks: SelfCheck[] = [];
  for (const check of CHECKS) {
    const seen = await result(check, session, common);
    log(`${seen.pass ? 'ok' : 'FAILED'} ${seen.name}: ${seen.detail}`);
    checks.push(seen);
  }
  const broken = checks.filter((check) => !check.pass).map((check) => check.name);
  const document: SelftestDocument = {
    schema: 'witan.selftest',
    version: 1,
    checks,
    passed: checks.length - broken.length,
    failed: broken.length,
    wall: performance.now() - startMs,
  };
  if (broken.length === 0) return document;
  const message = `${broken.length} of ${checks.length} checks failed: ${broken.join(', ')}`;
  return { ...document, error: { code: 'selftest-failed', message, details: { failed: broken.length } } };
}
