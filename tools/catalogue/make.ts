import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelType, modelLibURLPrefix, modelVersion, prebuiltAppConfig } from '@mlc-ai/web-llm';
import type { AppConfig, ModelRecord } from '@mlc-ai/web-llm';
import type { WebLlmCatalogue, WebLlmModel } from '../../src/contracts/catalogue.ts';

const ROOT = join(import.meta.dirname, '../..');
export const CATALOGUE_FILE = join(ROOT, 'public/catalogue/web-llm.json');

/** Every chat model of web-llm's list has its weights there. */
const WEIGHTS_BASE = 'https://huggingface.co/mlc-ai/';

/** Architectures, looked for in the name of the library (which tuned models share); the first that is in it counts. */
const FAMILIES: readonly (readonly [inLibrary: RegExp, family: string])[] = [
  [/^TinyLlama/, 'Llama'],
  [/^Llama/, 'Llama'],
  [/^Qwen/, 'Qwen'],
  [/^gemma/, 'Gemma'],
  [/^phi/i, 'Phi'],
  [/^SmolLM/, 'SmolLM'],
  [/^(Mistral|Ministral)/, 'Mistral'],
  [/^OLMo/, 'OLMo'],
  [/^stablelm/, 'StableLM'],
  [/^RedPajama/, 'RedPajama'],
];

const SCALE = { b: 1e9, m: 1e6 } as const;

/**
 * Parameters as an id names them (`-1.7B-`, `-360M-`, `-1_6b-`); null when it names none. `E2B` does not count: it is
 * the part of Gemma's parameters that is in use at once.
 */
export function parametersOf(id: string): number | null {
  const match = /-(\d+(?:[._]\d+)?)([bm])-/i.exec(id);
  const figure = match?.[1];
  const unit = match?.[2]?.toLowerCase();
  if (figure === undefined || (unit !== 'b' && unit !== 'm')) return null;
  return Math.round(Number(figure.replace('_', '.')) * SCALE[unit]);
}

/** @throws Error when web-llm's list holds something that this program does not know: look, then teach it. */
function known<T>(value: T | undefined, what: string, id: string): T {
  if (value === undefined) throw new Error(`${id}: no ${what}`);
  return value;
}

function below(base: string, url: string, id: string): string {
  if (!url.startsWith(base)) throw new Error(`${id}: ${url} is not below ${base}`);
  return url.slice(base.length);
}

function numbers(overrides: Readonly<Record<string, unknown>>, id: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(overrides).map(([name, value]) => {
      if (typeof value !== 'number') throw new Error(`${id}: override ${name} is no number`);
      return [name, value];
    }),
  );
}

function catalogued(record: ModelRecord, ids: ReadonlySet<string>): WebLlmModel {
  const id = record.model_id;
  const library = below(modelLibURLPrefix, record.model_lib, id);
  const libraryName = library.slice(library.lastIndexOf('/') + 1);
  const quantization = known(/-(q\d+f(?:16|32)(?:_\d+)?)-/.exec(id)?.[1], 'quantization', id);
  const { context_window_size, ...overrides } = numbers({ ...record.overrides }, id);
  const twin = id.replace(quantization, quantization.replace('f16', 'f32'));
  const inferred = quantization.includes('f16') ? ['shader-f16'] : [];
  return {
    id,
    family: known(FAMILIES.find(([inLibrary]) => inLibrary.test(libraryName))?.[1], 'family', id),
    kind: record.model_type === ModelType.VLM ? 'vision' : 'chat',
    parameters: parametersOf(id),
    quantization,
    vramMiB: known(record.vram_required_MB, 'memory', id),
    contextTokens: known(context_window_size, 'context', id),
    requiredFeatures: [...new Set([...inferred, ...(record.required_features ?? [])])],
    requiredBindingBytes: record.buffer_size_required_bytes ?? null,
    // web-llm appends this to an address without a revision.
    weights: `${below(WEIGHTS_BASE, record.model, id)}/resolve/main/`,
    library,
    manifest: record.model_manifest ?? null,
    overrides,
    f32Twin: twin !== id && ids.has(twin) ? twin : null,
  };
}

/** web-llm's list as our catalogue: all models that chat, in its order. */
export function catalogueOf(config: AppConfig, packageVersion: string): WebLlmCatalogue {
  const chat = config.model_list.filter((record) => record.model_type !== ModelType.embedding);
  const ids = new Set(chat.map((record) => record.model_id));
  return {
    schema: 'witan.web-llm-catalogue',
    version: 1,
    source: { package: '@mlc-ai/web-llm', version: packageVersion, libraries: modelVersion },
    weightsBase: WEIGHTS_BASE,
    libraryBase: modelLibURLPrefix,
    models: chat.map((record) => catalogued(record, ids)),
  };
}

/** Without what the schema fills in, one model a line: small, and changes can be read. */
function serialized(catalogue: WebLlmCatalogue): string {
  const { models, ...head } = catalogue;
  const lines = models.map((model) => {
    const { kind, requiredBindingBytes, manifest, overrides, f32Twin, ...always } = model;
    return JSON.stringify({
      ...always,
      ...(kind === 'chat' ? {} : { kind }),
      ...(requiredBindingBytes === null ? {} : { requiredBindingBytes }),
      ...(manifest === null ? {} : { manifest }),
      ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
      ...(f32Twin === null ? {} : { f32Twin }),
    });
  });
  return `${JSON.stringify(head).slice(0, -1)},"models":[\n${lines.join(',\n')}\n]}\n`;
}

/** Version of the installed package, from its own manifest. */
export function installedVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/@mlc-ai/web-llm/package.json'), 'utf8'),
  );
  return String(Reflect.get(Object(manifest), 'version'));
}

if (import.meta.filename === process.argv[1]) {
  const catalogue = catalogueOf(prebuiltAppConfig, installedVersion());
  writeFileSync(CATALOGUE_FILE, serialized(catalogue));
  console.log(`${catalogue.models.length} models → ${CATALOGUE_FILE}`);
}
