import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withExit, type Counts } from './counts.ts';
import type { Step } from './steps.ts';

export interface StepResult {
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly counts: Counts;
  readonly wallMs: number;
  readonly note: string;
  /** What a failed step printed last; empty for the others. */
  readonly lastWords: string;
}

/** A step that takes longer hangs: the whole run has 20 minutes on two cores. */
const STEP_LIMIT_MS = 10 * 60_000;

/** Enough to tell where a step failed or hung, when all that came before is cut away. */
const LAST_LINES = 25;

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

interface Ended {
  readonly exit: number | 'hung';
  readonly tail: string;
}

/** Runs a tool in a process group of its own, so that a hanging one takes its browsers with it. */
function exitCodeOf(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const [tool = '', ...args] = command;
  const windows = process.platform === 'win32';
  const child = spawn(join('node_modules', '.bin', tool), args, {
    stdio: ['inherit', 'pipe', 'pipe'],
    env: process.stdout.isTTY ? { FORCE_COLOR: '1', ...env } : env,
    detached: !windows,
    shell: windows,
  });
  let tail = '';
  const pass = (to: NodeJS.WriteStream) => (bytes: Buffer) => {
    to.write(bytes);
    const lines = `${tail}${bytes.toString()}`.split('\n');
    tail = lines.slice(-LAST_LINES - 1).join('\n');
  };
  child.stdout.on('data', pass(process.stdout));
  child.stderr.on('data', pass(process.stderr));
  return new Promise((resolve) => {
    const end = (exit: Ended['exit']): void => resolve({ exit, tail });
    const kill = (): void => {
      if (child.pid === undefined) return;
      if (windows) child.kill();
      else process.kill(-child.pid, 'SIGKILL');
    };
    const limit = setTimeout(() => {
      kill();
      end('hung');
    }, STEP_LIMIT_MS);
    const interrupted = (): void => {
      kill();
      process.exit(130);
    };
    process.once('SIGINT', interrupted);
    child.once('error', (error) => {
      console.error(error.message);
      end(1);
    });
    // Not `exit`: what it printed last may come after that.
    child.once('close', (code) => {
      clearTimeout(limit);
      process.off('SIGINT', interrupted);
      end(code ?? 1);
    });
  });
}

function countsOf(step: Step, reportPath: string, exitCode: number): Counts {
  const check = { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  if (step.counts === undefined) return check;
  if (!existsSync(reportPath)) return exitCode === 0 ? NONE : check;
  return withExit(step.counts(JSON.parse(readFileSync(reportPath, 'utf8'))), exitCode);
}

/** Runs one step; `env` is the environment of its tool, `reportFolder` where its JSON report goes. */
export async function runStep(step: Step, env: NodeJS.ProcessEnv, reportFolder: string): Promise<StepResult> {
  const reason = step.skippedBecause?.() ?? null;
  if (reason !== null)
    return { name: step.name, verdict: 'skipped', counts: NONE, wallMs: 0, note: reason, lastWords: '' };
  const reportPath = join(reportFolder, `${step.name}.json`);
  rmSync(reportPath, { force: true });
  const fill = (text: string): string => text.replaceAll('{report}', reportPath);
  const extra = Object.fromEntries(
    Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)]),
  );
  console.log(`\n▶ ${step.name}`);
  const startMs = performance.now();
  const { exit, tail } = await exitCodeOf(step.command.map(fill), { ...env, ...extra });
  const wallMs = performance.now() - startMs;
  const counts = countsOf(step, reportPath, exit === 'hung' ? 1 : exit);
  const note = exit === 'hung' ? `stopped after ${STEP_LIMIT_MS / 60_000} minutes` : '';
  const failed = counts.failed > 0;
  const verdict = failed ? 'failed' : 'passed';
  return { name: step.name, verdict, counts, wallMs, note, lastWords: failed ? tail : '' };
}
