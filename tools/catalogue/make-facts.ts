import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { WebLlmCatalogueSchema } from '../../src/contracts/catalogue.ts';
import { type CouncilCatalogue, CouncilCatalogueSchema } from '../../src/contracts/council-catalogue.ts';
import { type GgufCatalogue, GgufCatalogueSchema } from '../../src/contracts/gguf-catalogue.ts';
import { type ModelFacts, ModelFactsSchema } from '../../src/contracts/model-facts.ts';
import { councilsOf } from './councils.ts';
import { GGUF_MODELS, MIRRORS } from './gguf.ts';
import { LICENCES } from './licences.ts';
import { CATALOGUE_FILE } from './make.ts';
import { MODELS } from './models.ts';
import { SHAPES } from './shapes.ts';
import { sourcesOf } from './sources.ts';

const FOLDER = join(import.meta.dirname, '../../public/catalogue');
export const FACTS_FILE = join(FOLDER, 'model-facts.json');
export const GGUF_FILE = join(FOLDER, 'gguf.json');
export const COUNCILS_FILE = join(FOLDER, 'councils.json');

/** Day on which the sources were read. */
const DATE = '2026-11-21';

type Keyed = Readonly<Record<string, readonly string[] | undefined>>;
const keysOf = (sources: Keyed): string[] => Object.values(sources).flatMap((keys) => [...(keys ?? [])]);

export function factsDocument(): ModelFacts {
  const models = Object.values(MODELS);
  const licences = new Set<string>(models.map((model) => model.licence ?? ''));
  const shapes = new Set<string>(models.map((model) => model.shape));
  const used = <T>(table: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
    Object.fromEntries(Object.entries(table).filter(([key]) => keys.has(key)));
  const usedShapes = used(SHAPES, shapes);
  return v.parse(ModelFactsSchema, {
    schema: 'witan.model-facts',
    version: 1,
    sources: sourcesOf([
      ...models.flatMap((model) => keysOf(model.sources)),
      ...Object.values(usedShapes).flatMap((shape) => keysOf(shape.sources)),
    ]),
    licences: used(LICENCES, licences),
    shapes: usedShapes,
    models: MODELS,
  });
}

export function ggufDocument(): GgufCatalogue {
  return v.parse(GgufCatalogueSchema, {
    schema: 'witan.gguf-catalogue',
    version: 1,
    date: DATE,
    mirrors: MIRRORS,
    sources: sourcesOf(
      GGUF_MODELS.flatMap((model) => [...keysOf(model.sources), ...keysOf(model.shape.sources)]),
    ),
    models: GGUF_MODELS,
  });
}

export function councilsDocument(): CouncilCatalogue {
  const webLlm = v.parse(WebLlmCatalogueSchema, JSON.parse(readFileSync(CATALOGUE_FILE, 'utf8')));
  const { councils, rejected } = councilsOf(webLlm.models, GGUF_MODELS);
  const members = [...councils, ...rejected].flatMap((council) => council.members);
  return v.parse(CouncilCatalogueSchema, {
    schema: 'witan.council-catalogue',
    version: 1,
    date: DATE,
    sources: sourcesOf(members.flatMap((member) => member.sources)),
    councils,
    rejected,
  });
}

/** One row of a table a line, so that changes can be read. */
function serialized(document: object): string {
  const fields = Object.entries(document).map(([name, value]: [string, unknown]) => {
    const key = JSON.stringify(name);
    if (Array.isArray(value)) return `${key}:[\n${value.map((row) => JSON.stringify(row)).join(',\n')}\n]`;
    if (typeof value !== 'object' || value === null) return `${key}:${JSON.stringify(value)}`;
    const rows = Object.entries(value).map(([row, of]) => `${JSON.stringify(row)}:${JSON.stringify(of)}`);
    return `${key}:{\n${rows.join(',\n')}\n}`;
  });
  return `{${fields.join(',\n')}}\n`;
}

if (import.meta.filename === process.argv[1]) {
  for (const [file, document] of [
    [FACTS_FILE, factsDocument()],
    [GGUF_FILE, ggufDocument()],
    [COUNCILS_FILE, councilsDocument()],
  ] as const) {
    const text = serialized(document);
    writeFileSync(file, text);
    console.log(`${text.length} characters → ${file}`);
  }
}
