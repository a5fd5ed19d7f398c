import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findOrInstallChromium, HOW_TO_INSTALL } from '../tools/browser/install-chromium.ts';
import { runStep, type StepResult } from './runner/run-step.ts';
import { chosenSteps, type Step } from './runner/steps.ts';
import { table } from './runner/table.ts';

function withoutBrowser({ name }: Step): StepResult {
  const counts = { passed: 0, failed: 1, skipped: 0 };
  return { name, verdict: 'failed', counts, wallMs: 0, note: 'no Chromium', lastWords: '' };
}

async function main(): Promise<void> {
  process.chdir(join(import.meta.dirname, '..'));
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const steps = chosenSteps(values.only);
  const env = { ...process.env };
  const wanted = steps.some(
    (step) => step.needsBrowser === true && (step.skippedBecause?.() ?? null) === null,
  );
  const browser = wanted ? findOrInstallChromium(undefined, (line) => console.log(line)) : null;
  if (browser !== null) {
    console.log(`Chromium: ${browser.path} (${browser.source})`);
    env['CHROME_PATH'] = browser.path;
  }
  const reports = mkdtempSync(join(tmpdir(), 'witan-test-'));
  const results: StepResult[] = [];
  for (const step of steps) {
    const blocked = step.needsBrowser === true && browser === null && wanted;
    results.push(blocked ? withoutBrowser(step) : await runStep(step, env, reports));
  }
  if (wanted && browser === null) console.log(`\n${HOW_TO_INSTALL}`);
  for (const { name, lastWords } of results)
    if (lastWords !== '') console.log(`\n▷ the last lines of ${name}\n${lastWords}`);
  console.log(table(results));
  if (results.some((result) => result.verdict === 'failed')) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
