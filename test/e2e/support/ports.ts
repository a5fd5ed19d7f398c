import type { Page } from '@playwright/test';
import type { MemberView } from '../../../src/contracts/council.ts';
import type { AskOptions, Deliberation } from '../../../src/contracts/deliberation.ts';
import type { Outcome } from '../../../src/contracts/errors.ts';

/** A question that every member of the starter council answers, and its answer. */
export const QUESTION = 'What is 38 + 47?';
export const ANSWER = '85';

/** Asks through `window.witan`, as the page itself does; the members unless told otherwise, not what they said before. */
export async function askOutcome(
  page: Page,
  prompt: string,
  options: AskOptions = {},
): Promise<Outcome<Deliberation>> {
  const outcome = await page.evaluate(
    ({ prompt, options }) => window.witan?.council.ask(new AbortController().signal, prompt, options),
    { prompt, options: { fresh: true, ...options } },
  );
  if (outcome === undefined) throw new Error('the page has no ports');
  return outcome;
}

/** @throws Error with the failure when the council refused */
export async function ask(page: Page, prompt = QUESTION, options: AskOptions = {}): Promise<Deliberation> {
  const outcome = await askOutcome(page, prompt, options);
  if (!outcome.ok) throw new Error(`${outcome.error.code}: ${JSON.stringify(outcome.error)}`);
  return outcome.value;
}

/** Loads every member; returns them as they then are. */
export async function prepare(page: Page): Promise<readonly MemberView[]> {
  return page.evaluate(async () => {
    await window.witan?.council.prepare(new AbortController().signal);
    return window.witan?.council.members() ?? [];
  });
}

export async function members(page: Page): Promise<readonly MemberView[]> {
  return page.evaluate(() => window.witan?.council.members() ?? []);
}

/** Prompts of the history, newest first. */
export async function historyPrompts(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const list = await window.witan?.history.list(50);
    return list?.ok === true ? list.value.map((record) => record.prompt) : [];
  });
}

/** Waits until the service worker is active, which it becomes when everything is cached. */
export async function waitForOfflineCopy(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}
