import { statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { failure } from '../../../src/contracts/errors.ts';
import type { HistoryDocument } from '../../../src/contracts/headless.ts';
import type { CommandOf } from '../arguments.ts';
import { chooseFile, PICKER } from '../chosen-file.ts';
import { appFailure, driverFailureOf, misuse, valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

async function write(session: Session, file: string): Promise<HistoryDocument> {
  const path = resolve(file);
  const outcome = await session.run(null, async ({ ports, signal }) => {
    const archive = await (await ports.conversations()).exportJson(signal);
    return archive.ok ? { ok: true as const, value: await archive.value.text() } : archive;
  });
  const text = valueOf(outcome);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw misuse(`${path} could not be written: ${driverFailureOf(error).message}`);
  }
  const { deliberations, conversations } = JSON.parse(text) as {
    readonly deliberations: readonly unknown[];
    readonly conversations: readonly unknown[];
  };
  return {
    schema: 'witan.history',
    version: 1,
    action: 'export',
    file: path,
    bytes: statSync(path).size,
    exported: { deliberations: deliberations.length, conversations: conversations.length },
  };
}

async function read(session: Session, file: string): Promise<HistoryDocument> {
  const path = await chooseFile(session, file);
  const outcome = await session.run(PICKER, async ({ ports, signal }, id) => {
    const input = document.getElementById(id);
    const chosen = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
    const imported =
      chosen === undefined ? null : await (await ports.conversations()).importJson(signal, chosen);
    input?.remove();
    return imported;
  });
  if (outcome === null) throw appFailure(failure('archive-invalid', { reason: 'not-chosen' }));
  const { conflicts, refused, ...counts } = valueOf(outcome);
  return {
    schema: 'witan.history',
    version: 1,
    action: 'import',
    file: path,
    bytes: statSync(path).size,
    imported: { ...counts, conflicts: [...conflicts], refused: [...refused] },
  };
}

/** The history of the profile as a file, out or in. @throws DriverFailure with the code of the app */
export function history(session: Session, { action, file }: CommandOf<'history'>): Promise<HistoryDocument> {
  return action === 'export' ? write(session, file) : read(session, file);
}
