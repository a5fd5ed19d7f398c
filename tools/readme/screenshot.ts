import { join } from 'node:path';
import { Session } from '../witan/session.ts';

/** What the README shows, in CSS pixels. */
const SIZE = { width: 1440, height: 900 };
/** Members agree on some and differ on others; the last one is on screen. */
const QUESTIONS = ['Reverse the word stone', 'Sort 31, 7, 19', 'What is 38 + 47?'];

/** Draws `council.png`: the council page after a few real answers. Run: npx tsx tools/readme/screenshot.ts */
async function main(): Promise<void> {
  const options = { json: false, gpu: 'none', timeoutMs: 120_000, seed: 1 } as const;
  const none = { chrome: undefined, profile: undefined, url: undefined };
  const session = await Session.open({ ...options, ...none }, (line) => console.error(line));
  try {
    const { page } = session;
    await page.setViewportSize(SIZE);
    for (const question of QUESTIONS) {
      await page.getByLabel('Your question').fill(question);
      await page.getByRole('button', { name: 'Ask', exact: true }).click();
      await page.getByRole('region', { name: 'History' }).getByRole('link', { name: question }).waitFor();
    }
    await page.screenshot({ path: join(import.meta.dirname, 'council.png') });
  } finally {
    await session.close();
  }
}

await main();
