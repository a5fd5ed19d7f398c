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
}

/** A step that takes longer hangs: the whole run has 15 minutes on two cores. */
const STEP_LIMIT_MS = 10 * 60_000;

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs a tool in a process group of its own, so that a hanging one takes its browsers with it. */
function exitCodeOf(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number | 'hung'> {
  const [tool = '', ...args] = command;
  const windows = process.platform === 'win32';
  const child = spawn(join('node_modules', '.bin', tool), args, {
    stdio: 'inherit',
    env,
    detached: !windows,
    shell: windows,
  });
  return new Promise((resolve) => {
    const kill = (): void => {
      if (child.pid === undefined) return;
      if (windows) child.kill();
      else process.kill(-child.pid, 'SIGKILL');
    };
    const limit = setTimeout(() => {
      kill();
      resolve('hung');
    }, STEP_LIMIT_MS);
    const interrupted = (): void => {
      kill();
      process.exit(130);
    };
    process.once('SIGINT', interrupted);
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('exit', (code) => {
      clearTimeout(limit);
      process.off('SIGINT', interrupted);
      resolve(code ?? 1);
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
  if (reason !== null) return { name: step.name, verdict: 'skipped', counts: NONE, wallMs: 0, note: reason };
  const reportPath = join(reportFolder, `${step.name}.json`);
  rmSync(reportPath, { force: true });
  const fill = (text: string): string => text.replaceAll('{report}', reportPath);
  const extra = Object.fromEntries(
    Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)]),
  );
  console.log(`\n▶ ${step.name}`);
  const startMs = performance.now();
  const exit = await exitCodeOf(step.command.map(fill), { ...env, ...extra });
  const wallMs = performance.now() - startMs;
  const counts = countsOf(step, reportPath, exit === 'hung' ? 1 : exit);
  const note = exit === 'hung' ? `stopped after ${STEP_LIMIT_MS / 60_000} minutes` : '';
  return { name: step.name, verdict: counts.failed > 0 ? 'failed' : 'passed', counts, wallMs, note };
}
