import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { misuse } from './failures.ts';
import type { Session } from './session.ts';

/** Id of the field in the page that holds the file; whoever has read it removes it. */
export const PICKER = 'witan-driver-picker';

/**
 * Chooses a file as a person would: the browser reads it from the disk by itself. Returns its absolute path.
 * @throws DriverFailure usage: there is no such file
 */
export async function chooseFile(session: Session, file: string): Promise<string> {
  const path = resolve(file);
  if (!existsSync(path)) throw misuse(`there is no file ${path}`);
  await session.page.evaluate((id) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.id = id;
    document.body.append(input);
  }, PICKER);
  await session.page.locator(`#${PICKER}`).setInputFiles(path);
  return path;
}
