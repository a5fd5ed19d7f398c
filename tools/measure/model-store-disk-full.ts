import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { sha256Hex } from '../../test/fakes/one-model-catalogue.ts';
import { download, hashOnDisk, openApp, openProfile, stored, verify } from './store-page.ts';
import { serveStore, type StoreSite } from './store-site.ts';

/**
 * Fetches a model into a profile on a disk of 160 MB, into one with a quota of 100 MB, and into one whose disk somebody else
 * fills meanwhile: is the refusal typed, does what was kept stay, and does it go on when there is room? Another record of the app's origin stands by: is it still there?
 * Needs a built app, Linux and the right to mount. Prints one JSON document; sizes in bytes.
 *
 *     npx tsx tools/measure/model-store-disk-full.ts
 */
const SMALL_DISK_BYTES = 160 * 2 ** 20;
/** Holds the file and the reserve that the store insists on. */
const DISK_BYTES = 640 * 2 ** 20;
const QUOTA_BYTES = 100_000_000;
const TOO_LARGE_BYTES = 120_000_000;
const SMALL_BYTES = 48_000_000;
const BYTES_PER_SECOND = 12_000_000;

interface Step {
  readonly step: string;
  /** `ok`, or the failure's code and reason. */
  readonly ended: string;
  readonly state: string;
  readonly keptBytes: number;
  /** By the server, in this step. */
  readonly sentBytes: number;
  /** Whether the browser's other record is where it was. */
  readonly othersKept: boolean;
  /** What the page says. */
  readonly said: readonly string[];
}

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** A record of the origin's that has nothing to do with models. */
const putOther = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const file = await (await navigator.storage.getDirectory()).getFileHandle('other', { create: true });
    const writable = await file.createWritable();
    await writable.write('still here');
    await writable.close();
  });

const hasOther = (page: Page): Promise<boolean> =>
  page.evaluate(async () => {
    try {
      const file = await (await navigator.storage.getDirectory()).getFileHandle('other');
      return (await (await file.getFile()).text()) === 'still here';
    } catch {
      return false;
    }
  });

class Course {
  readonly steps: Step[] = [];
  readonly #page: Page;
  readonly #site: StoreSite;

  constructor(page: Page, site: StoreSite) {
    this.#page = page;
    this.#site = site;
  }

  async step(
    step: string,
    work: () => ReturnType<typeof download> = () => download(this.#page),
  ): Promise<void> {
    const before = this.#site.file.sentBytes;
    const done = await work();
    const model = await stored(this.#page).catch(() => null);
    this.steps.push({
      step,
      ended: done.ok ? 'ok' : `${done.error.code} (${String(done.error.details['reason'])})`,
      state: model?.state ?? 'none',
      keptBytes: model?.keptBytes ?? 0,
      sentBytes: this.#site.file.sentBytes - before,
      othersKept: await hasOther(this.#page),
      said: await this.#page.getByRole('alert').allInnerTexts(),
    });
    process.stderr.write(`${JSON.stringify(this.steps.at(-1))}\n`);
  }

  /** Presses the page's own button: what does it say? */
  async press(step: string, until: () => Promise<boolean>): Promise<void> {
    await this.#page
      .getByRole('button', { name: /^(Download|Resume) .*Tiny$/ })
      .first()
      .click();
    const end = performance.now() + 20_000;
    while (!(await until()) && performance.now() < end) await sleep(100);
    await this.step(step);
  }

  /** What the store says of it, and whether the bytes are right. */
  async whole(): Promise<{ readonly state: string; readonly bytesEqual: boolean }> {
    const { bytes } = this.#site.file;
    const checked = await verify(this.#page);
    const onDisk = await hashOnDisk(this.#page, `sha256-${sha256Hex(bytes)}`, bytes.length).catch(() => null);
    return {
      state: checked.ok ? checked.value.state : checked.error.code,
      bytesEqual: onDisk === sha256Hex(bytes),
    };
  }
}

/** Runs in a browser whose profile lies in `profile`. */
async function inProfile<T>(
  profile: string,
  sizeBytes: number,
  work: (page: Page, site: StoreSite, course: Course) => Promise<T>,
): Promise<T> {
  const site = await serveStore({ sizeBytes });
  const context = await openProfile(profile);
  try {
    const page = await openApp(context, site.app.url);
    await putOther(page);
    return await work(page, site, new Course(page, site));
  } finally {
    await context.close();
    await site.app.close();
  }
}

const alertShown = (page: Page) => () => page.getByRole('alert').isVisible();

/** A quota that does not hold the file; then it does. */
function quota(profile: string): Promise<unknown> {
  return inProfile(profile, TOO_LARGE_BYTES, async (page, { app }, course) => {
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(app.url);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: QUOTA_BYTES });
    await course.press('quota of 100 MB, file of 120 MB', alertShown(page));
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await course.step('quota lifted');
    return { steps: course.steps, whole: await course.whole() };
  });
}

/** Others fill the disk up while it fetches; then they leave. */
function disk(profile: string): Promise<unknown> {
  return inProfile(profile, SMALL_BYTES, async (page, site, course) => {
    const hog = join(profile, 'somebody-else');
    await course.step('somebody fills the disk', async () => {
      site.obey({ bytesPerSecond: BYTES_PER_SECOND });
      const fetching = download(page);
      let refused = false;
      void fetching.then(({ ok }) => (refused = !ok));
      while (site.file.sentBytes < SMALL_BYTES / 3 && !refused) await sleep(5);
      try {
        writeFileSync(hog, new Uint8Array(freeBytes(profile)));
      } catch {
        // As full as it gets.
      }
      return fetching;
    });
    const freeWhenFull = freeBytes(profile);
    await course.step('disk still full');
    rmSync(hog, { force: true });
    await course.step('room again');
    await page.reload();
    await page.waitForFunction(() => window.witan !== undefined);
    await course.step('room again, page opened anew');
    return { freeWhenFull, steps: course.steps, whole: await course.whole() };
  });
}

/** The file is larger than the disk, and the quota of the browser is what it makes of such a disk. */
function tooLarge(profile: string): Promise<unknown> {
  return inProfile(profile, TOO_LARGE_BYTES, async (page, _site, course) => {
    await course.press('file of 120 MB', alertShown(page));
    return { steps: course.steps, freeBytes: freeBytes(profile) };
  });
}

async function onDiskOf(bytes: number, work: (profile: string) => Promise<unknown>): Promise<unknown> {
  const profile = mkdtempSync(join(tmpdir(), 'witan-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(bytes)}`, 'tmpfs', profile]);
  try {
    return await work(profile);
  } finally {
    execFileSync('umount', ['--lazy', profile]);
    rmSync(profile, { recursive: true, force: true });
  }
}

const report: Record<string, unknown> = { schema: 'witan.measure.model-store-disk-full', version: 1 };
const onDisk = mkdtempSync(join(tmpdir(), 'witan-quota-'));
try {
  report['quota'] = await quota(onDisk);
} finally {
  rmSync(onDisk, { recursive: true, force: true });
}
report['fileTooLarge'] = await onDiskOf(SMALL_DISK_BYTES, tooLarge);
report['diskFull'] = await onDiskOf(DISK_BYTES, disk);
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
