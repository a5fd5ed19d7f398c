import type { Clock } from '#kernel/clock';
import type { WitanPorts } from '#contracts/ports';
import type { Launch, LaunchQueue } from '../platform/launch-queue.ts';

type Models = Pick<WitanPorts, 'models'>;

const MODELS_PAGE = '#/models';
/** The parts of an installed app are on the device: what fails to come is soon there, or the disk is failing. */
const TRY_AGAIN_MS = 2_000;

/**
 * Takes launches of the installed app: files go to the Models page, addresses to the page that they name. The browser keeps
 * launches until this is called, so none is lost while the app starts; files whose handles cannot be read any more are
 * handed on as empty ones of their name, for the page to refuse them by name.
 * @param go shows the page of a fragment
 */
export function takeLaunches(
  queue: LaunchQueue,
  app: Models,
  clock: Clock,
  go: (hash: string) => void = goTo,
): void {
  queue.setConsumer((launch) => {
    void take(launch, app, clock, go);
  });
}

function goTo(hash: string): void {
  location.hash = hash;
}

async function take(
  { files = [], targetURL }: Launch,
  app: Models,
  clock: Clock,
  go: (hash: string) => void,
): Promise<void> {
  if (files.length === 0) {
    // A window that is there already is only focused: where the launch was to lead is then for the page to do.
    const hash = typeof targetURL === 'string' ? new URL(targetURL).hash : '';
    if (hash !== '') go(hash);
    return;
  }
  const read = await Promise.all(files.map(fileOf));
  go(MODELS_PAGE);
  for (;;) {
    const models = await app.models().catch(() => null); // its code did not come
    if (models !== null) {
      models.opened.put(read);
      return;
    }
    await new Promise<void>((resolve) => {
      clock.after(TRY_AGAIN_MS, resolve);
    });
  }
}

async function fileOf(handle: NonNullable<Launch['files']>[number]): Promise<File> {
  return handle.getFile().catch(() => new File([], handle.name));
}
