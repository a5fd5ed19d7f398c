import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { median } from '../../src/kernel/statistics-order.ts';
import { findChromium } from '../browser/find-chromium.ts';
import { launchFlags } from '../browser/launch-flags.ts';
import { serveApp } from '../serve/preview.ts';

/**
 * Measures a first visit: an empty profile, nothing cached; from the navigation to the council's answer on screen.
 * Needs a built app. Prints one JSON document; times in ms.
 *
 *     npx tsx tools/measure/first-visit.ts [RUNS]
 */
const QUESTION = 'What is 38 + 47?';
const ANSWER = '85';

interface Visit {
  readonly usableMs: number;
  readonly answerMs: number;
}

async function visit(url: string): Promise<Visit> {
  const profile = mkdtempSync(join(tmpdir(), 'witan-first-visit-'));
  const executablePath = findChromium()?.path;
  const context = await chromium.launchPersistentContext(profile, {
    args: launchFlags('none'),
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    const startMs = performance.now();
    await page.goto(url, { waitUntil: 'commit' });
    const box = page.getByLabel('Your question');
    await box.waitFor();
    const usableMs = performance.now() - startMs;
    await box.fill(QUESTION);
    await box.press('Enter');
    const panel = page.getByRole('region', { name: 'The council’s answer' });
    await panel.getByText(ANSWER, { exact: true }).first().waitFor();
    return { usableMs, answerMs: performance.now() - startMs };
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? 5);
  const server = await serveApp({ root: join(import.meta.dirname, '../..'), port: 0 });
  try {
    const visits: Visit[] = [];
    for (let run = 0; run < runs; run += 1) visits.push(await visit(server.url));
    const report = {
      schema: 'witan.measure.first-visit',
      version: 1,
      visits,
      medianUsableMs: median(visits.map(({ usableMs }) => usableMs)),
      medianAnswerMs: median(visits.map(({ answerMs }) => answerMs)),
    };
    console.log(JSON.stringify(report));
  } finally {
    await server.close();
  }
}

await main();
