import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { StarterCouncil } from '#contracts/starter';
import { catalogueModel, starterModel, storedModel, type KnownModel } from '../capacity/known-model.ts';
import type { CatalogueSource } from './catalogue-source.ts';
import type { ModelsService } from './models-service.ts';

export interface KnownModelPorts {
  readonly catalogue: Pick<CatalogueSource, 'gguf'>;
  readonly models: () => Promise<Pick<ModelsService, 'list' | 'inspect'>>;
  readonly starter: (signal: AbortSignal) => Promise<Outcome<StarterCouncil>>;
}

/** Models of the user's and of the catalogue that are on this device; none where the store cannot be opened. */
async function storedModels(
  store: KnownModelPorts['models'],
): Promise<{ readonly installed: ReadonlySet<string>; readonly own: readonly KnownModel[] }> {
  const own: KnownModel[] = [];
  const installed = new Set<string>();
  try {
    const models = await store();
    const listed = await models.list();
    for (const { id, name, format, origin, state, files } of listed.ok ? listed.value : []) {
      if (state !== 'verified') continue;
      installed.add(id);
      if (format !== 'gguf' || origin === 'catalogue') continue;
      const summary = await models.inspect(id);
      if (!summary.ok) continue;
      own.push(
        storedModel(
          id,
          name,
          summary.value,
          files.map(({ keptBytes }) => keptBytes),
        ),
      );
    }
  } catch {
    // Its code could not be fetched: then there is nothing to say of what is in it.
  }
  return { installed, own };
}

/** All GGUF models that are known: bundled, of the catalogue, of the user's. Errors: those of the catalogue. */
export async function knownModels(
  { catalogue, models, starter }: KnownModelPorts,
  signal: AbortSignal,
): Promise<Outcome<readonly KnownModel[]>> {
  const [gguf, about, { installed, own }] = await Promise.all([
    catalogue.gguf(signal),
    starter(signal),
    storedModels(models),
  ]);
  if (!gguf.ok) return gguf;
  if (!about.ok) return about;
  const offered = gguf.value.models.map((model) => catalogueModel(model, installed.has(model.id)));
  return ok([...about.value.members.map(starterModel), ...offered.filter((model) => model !== null), ...own]);
}
