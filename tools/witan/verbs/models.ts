import { ok } from '../../../src/kernel/result.ts';
import type { Outcome } from '../../../src/contracts/errors.ts';
import type { ModelRow, ModelsDocument } from '../../../src/contracts/headless.ts';
import type { ModelReceipt } from '../../../src/contracts/models.ts';
import type { StoredModel } from '../../../src/contracts/model-store.ts';
import type { CommandOf } from '../arguments.ts';
import { chooseFile, PICKER } from '../chosen-file.ts';
import { valueOf } from '../failures.ts';
import type { Session } from '../session.ts';

function rowOf({ id, name, origin, keptBytes, sizeBytes, state, files, pinned }: StoredModel): ModelRow {
  const counts = files.map(({ chunks }) => chunks);
  const known = counts.filter((count) => count !== null);
  return {
    id,
    name,
    origin,
    bytes: keptBytes,
    totalBytes: sizeBytes,
    state,
    chunks: known.length === counts.length ? known.reduce((sum, count) => sum + count, 0) : null,
    keptChunks: files.reduce((sum, file) => sum + file.keptChunks, 0),
    verified: state === 'verified',
    pinned,
    faults: files.reduce((sum, file) => sum + file.faults.length, 0),
  };
}

type Done = Pick<ModelsDocument, 'bytesTransferred' | 'resumedAt' | 'repairedChunks'> & {
  readonly models: readonly StoredModel[];
};

const receiptOf = ({ model, transferredBytes, resumedAtBytes, repairedChunks }: ModelReceipt): Done => ({
  models: [model],
  bytesTransferred: transferredBytes,
  resumedAt: resumedAtBytes,
  repairedChunks,
});

const one = (outcome: Outcome<StoredModel>): Outcome<Done> =>
  outcome.ok ? ok({ models: [outcome.value] }) : outcome;

function list(session: Session): Promise<Outcome<readonly StoredModel[]>> {
  return session.run(null, async ({ ports }) => (await ports.models()).list());
}

async function get(session: Session, id: string): Promise<Outcome<Done>> {
  const fetched = await session.run(id, async ({ ports, say }, wanted) => {
    const models = await ports.models();
    let told = 0;
    const leave = models.subscribe(() => {
      const progress = models.activity().find(({ modelId }) => modelId === wanted);
      const share = Math.floor((10 * (progress?.doneBytes ?? 0)) / (progress?.totalBytes ?? Infinity));
      if (share > told) say(`${10 * share} %`);
      told = Math.max(told, share);
    });
    const receipt = await models.download(wanted);
    leave();
    return receipt;
  });
  return fetched.ok ? ok(receiptOf(fetched.value)) : fetched;
}

/** @throws DriverFailure usage: there is no such file */
async function take(session: Session, file: string): Promise<Outcome<Done>> {
  await chooseFile(session, file);
  const taken = await session.run(PICKER, async ({ ports }, id) => {
    const input = document.getElementById(id);
    const files = input instanceof HTMLInputElement ? [...(input.files ?? [])] : [];
    const imported = await (await ports.models()).importFiles(files);
    input?.remove();
    return imported;
  });
  return one(taken);
}

async function act(session: Session, command: CommandOf<'models'>): Promise<Outcome<Done>> {
  switch (command.action) {
    case 'list': {
      const all = await list(session);
      return all.ok ? ok({ models: all.value }) : all;
    }
    case 'get':
      return get(session, command.id);
    case 'verify':
      return one(await session.run(command.id, async ({ ports }, id) => (await ports.models()).verify(id)));
    case 'remove': {
      const removed = await session.run(command.id, async ({ ports }, id) =>
        (await ports.models()).remove(id),
      );
      if (!removed.ok) return removed;
      const left = await list(session);
      return left.ok ? ok({ models: left.value }) : left;
    }
    case 'import':
      return take(session, command.file);
  }
}

/** Looks at the model store of the profile, or changes it. @throws DriverFailure with the code of the app */
export async function models(session: Session, command: CommandOf<'models'>): Promise<ModelsDocument> {
  const startMs = performance.now();
  const { models: found, ...figures } = valueOf(await act(session, command));
  return {
    schema: 'witan.models',
    version: 1,
    action: command.action,
    models: found.map(rowOf),
    ...figures,
    wall: performance.now() - startMs,
  };
}
