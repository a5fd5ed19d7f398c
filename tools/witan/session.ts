import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import type { WitanPorts } from '../../src/contracts/ports.ts';
import { launchFlags } from '../browser/launch-flags.ts';
import { findOrInstallChromium, HOW_TO_INSTALL } from '../browser/install-chromium.ts';
import { ensureBuilt } from '../serve/build.ts';
import { serveApp, type AppServer } from '../serve/preview.ts';
import type { CommonOptions } from './arguments.ts';
import { DriverFailure, driverFailureOf } from './failures.ts';

export type Log = (line: string) => void;

/** What a piece of work in the page is given besides its argument. */
export interface PageTools {
  readonly ports: WitanPorts;
  /** Aborts at the time limit of the command. */
  readonly signal: AbortSignal;
  /** A line for the log of the driver. */
  readonly say: (line: string) => void;
}

/** The page must have its ports by then: it is a few kilobytes from the same machine. */
const OPEN_LIMIT_MS = 60_000;
/** What the page itself may take to end after its signal has aborted, before the driver gives up on it. */
const GRACE_MS = 10_000;
const SAYS = 'witan:driver ';
/** What a page keeps belongs to its port too, so a kept profile needs the same one each time (if it is free). */
const PROFILE_PORT = 4183;
const ROOT = join(import.meta.dirname, '../..');

function build(root: string, log: Log): void {
  try {
    ensureBuilt(root, log);
  } catch (error) {
    throw new DriverFailure('build-failed', driverFailureOf(error).message);
  }
}

function browserPath(named: string | undefined, log: Log): string {
  try {
    const found = findOrInstallChromium(named, log);
    if (found !== null) return found.path;
  } catch (error) {
    throw new DriverFailure('browser-missing', driverFailureOf(error).message);
  }
  throw new DriverFailure('browser-missing', HOW_TO_INSTALL);
}

export interface SessionSignals {
  /** The caller ends the session itself on SIGINT and SIGTERM; unless it does, a signal ends browser and driver at once. */
  readonly ownSignals: boolean;
}

/** A window of its own, or the kept profile. */
async function openContext(
  executablePath: string,
  options: CommonOptions,
  { ownSignals }: SessionSignals,
): Promise<BrowserContext> {
  const handled = !ownSignals;
  const signals = { handleSIGINT: handled, handleSIGTERM: handled, handleSIGHUP: handled };
  const launch = { executablePath, headless: true, args: launchFlags(options.gpu), ...signals };
  try {
    if (options.profile !== undefined) return await chromium.launchPersistentContext(options.profile, launch);
    return await (await chromium.launch(launch)).newContext();
  } catch (error) {
    throw new DriverFailure('browser-missing', `${executablePath} could not be started.`, {
      problem: driverFailureOf(error).message,
    });
  }
}

/** Vite's preview server ends the whole process on SIGTERM, and has no switch for that. */
async function withoutNewSigterm<T>(task: () => Promise<T>): Promise<T> {
  const before = process.listeners('SIGTERM');
  const done = await task();
  for (const listener of process.listeners('SIGTERM')) {
    if (!before.includes(listener)) process.off('SIGTERM', listener);
  }
  return done;
}

/** The app in a headless browser, spoken to through `window.witan` alone. */
export class Session {
  readonly page: Page;
  /** Longest that a piece of work in the page may take, milliseconds. */
  readonly limitMs: number;
  readonly #server: AppServer | null;
  readonly #end: () => Promise<void>;

  private constructor(page: Page, server: AppServer | null, limitMs: number, end: () => Promise<void>) {
    this.page = page;
    this.#server = server;
    this.limitMs = limitMs;
    this.#end = end;
  }

  /** @throws DriverFailure: browser-missing, build-failed, page-failed */
  static async open(
    options: CommonOptions,
    log: Log,
    signals: SessionSignals = { ownSignals: false },
  ): Promise<Session> {
    const executablePath = browserPath(options.chrome, log);
    if (options.url === undefined) build(ROOT, log);
    const port = options.profile === undefined ? 0 : PROFILE_PORT;
    const serve = (): Promise<AppServer> => serveApp({ root: ROOT, port });
    const serving = (): Promise<AppServer> => (signals.ownSignals ? withoutNewSigterm(serve) : serve());
    const server = options.url === undefined ? await serving() : null;
    let context: BrowserContext | null = null;
    const end = async (): Promise<void> => {
      await context?.close();
      await context?.browser()?.close();
      await server?.close();
    };
    try {
      context = await openContext(executablePath, options, signals);
      const page = context.pages()[0] ?? (await context.newPage());
      page.on('pageerror', (error) => {
        log(`page error: ${error.message}`);
      });
      page.on('console', (message) => {
        const text = message.text();
        if (text.startsWith(SAYS)) log(text.slice(SAYS.length));
        else if (message.type() === 'error') log(`page: ${text}`);
      });
      const url = server?.url ?? options.url ?? '';
      log(`Opening ${url} in ${executablePath}`);
      const session = new Session(page, server, options.timeoutMs, end);
      await session.visit(url);
      if (options.gpu === 'none') await session.#insistOnNoGpu();
      return session;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** Goes to an address and waits for the ports of the app. @throws DriverFailure: page-failed */
  async visit(url: string): Promise<void> {
    try {
      await this.page.goto(url, { waitUntil: 'load', timeout: OPEN_LIMIT_MS });
      await this.page.waitForFunction('window.witan !== undefined', null, { timeout: OPEN_LIMIT_MS });
    } catch (error) {
      const seen = await this.page.evaluate<string>('document.body?.innerText ?? ""').catch(() => '');
      throw new DriverFailure('page-failed', `The app did not start at ${url}.`, {
        problem: driverFailureOf(error).message,
        page: seen.slice(0, 300),
      });
    }
  }

  /**
   * Runs `body` in the page. It travels as text: it sees its argument, the tools, and nothing of its surroundings.
   * @throws DriverFailure: deadline-exceeded, page-failed
   */
  async run<A, T>(argument: A, body: (tools: PageTools, argument: A) => Promise<T>): Promise<T> {
    const script = `async ({ argument, limitMs }) => {
      // tsx names inner functions through this helper of esbuild.
      const __name = (target) => target;
      const tools = {
        ports: window.witan,
        signal: AbortSignal.timeout(limitMs),
        say: (line) => console.debug(${JSON.stringify(SAYS)} + line),
      };
      return (${body.toString()})(tools, argument);
    }`;
    const work = this.page.evaluate(`(${script})(${JSON.stringify({ argument, limitMs: this.limitMs })})`);
    return (await this.#within(work)) as T;
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const limitMs = this.limitMs;
    const stop = new AbortController();
    const over = new Promise<never>((_resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new DriverFailure('deadline-exceeded', `The time limit of ${limitMs} ms was reached.`, { limitMs }),
        );
      }, limitMs + GRACE_MS);
      const crashed = (): void => {
        reject(new DriverFailure('page-failed', 'The page crashed.'));
      };
      this.page.once('crash', crashed);
      stop.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        this.page.off('crash', crashed);
      });
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      stop.abort();
    }
  }

  async #insistOnNoGpu(): Promise<void> {
    const adapter = await this.page.evaluate<boolean>(
      '(async () => (await navigator.gpu?.requestAdapter()) != null)()',
    );
    if (adapter)
      throw new DriverFailure('page-failed', 'This browser offers WebGPU although --gpu none was asked for.');
  }

  /** Whether this session serves the app itself, so that it can stop doing so. */
  get serves(): boolean {
    return this.#server !== null;
  }

  /** Ends the server of the app; the page stays open. */
  async stopServing(): Promise<void> {
    await this.#server?.close();
  }

  async close(): Promise<void> {
    this.page.removeAllListeners();
    await this.#end();
  }
}
