import { readFileSync, statSync } from 'node:fs';
import { prebuiltAppConfig } from '@mlc-ai/web-llm';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { WEB_LLM_LIMITS, WebLlmCatalogueSchema, webLlmGrant, webLlmNeeds } from '#contracts/catalogue';
import { parseWith } from '#contracts/schema-parse';
import {
  CATALOGUE_FILE,
  catalogueOf,
  installedVersion,
  parametersOf,
} from '../../../tools/catalogue/make.ts';

const parsed = parseWith(
  WebLlmCatalogueSchema,
  JSON.parse(readFileSync(CATALOGUE_FILE, 'utf8')) as unknown,
  'record-invalid',
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const catalogue = parsed.value;
const MIB = 2 ** 20;

describe('catalogue/web-llm.json', () => {
  it('is what the installed package says (else: npx tsx tools/catalogue/make.ts)', () => {
    expect(catalogue).toEqual(catalogueOf(prebuiltAppConfig, installedVersion()));
  });

  it('holds every model of the package that chats, with addresses that are the package’s own', () => {
    const records = prebuiltAppConfig.model_list.filter((record) => !/embed/.test(record.model_id));
    expect(catalogue.models.map((model) => model.id)).toEqual(records.map((record) => record.model_id));
    for (const [index, model] of catalogue.models.entries()) {
      const record = present(records[index], model.id);
      expect(new URL(model.weights, catalogue.weightsBase).href).toBe(`${record.model}/resolve/main/`);
      expect(new URL(model.library, catalogue.libraryBase).href).toBe(record.model_lib);
      expect({ context_window_size: model.contextTokens, ...model.overrides }).toEqual(record.overrides);
      for (const feature of record.required_features ?? []) expect(model.requiredFeatures).toContain(feature);
    }
  });

  it('knows the need for 16-bit floats that most records leave out', () => {
    const f16 = catalogue.models.filter((model) => model.quantization.includes('f16'));
    expect(f16.every((model) => model.requiredFeatures.includes('shader-f16'))).toBe(true);
    expect(catalogue.models.filter((model) => model.requiredFeatures.length > 0)).toEqual(f16);
    const declared = prebuiltAppConfig.model_list.filter((record) => record.required_features !== undefined);
    expect(f16.length).toBeGreaterThan(2 * declared.length);
  });

  it('pairs a model with its own twin', () => {
    const byId = new Map(catalogue.models.map((model) => [model.id, model]));
    const pairs = catalogue.models.flatMap((model) =>
      model.f32Twin === null ? [] : [[model, present(byId.get(model.f32Twin), model.f32Twin)] as const],
    );
    expect(pairs.length).toBeGreaterThan(60);
    for (const [model, twin] of pairs) {
      expect(model.quantization).toBe(twin.quantization.replace('f32', 'f16'));
      expect(twin).toMatchObject({
        family: model.family,
        parameters: model.parameters,
        contextTokens: model.contextTokens,
        requiredFeatures: [],
        f32Twin: null,
      });
    }
  });

  it('marks models that see', () => {
    expect(catalogue.models.filter((model) => model.kind === 'vision').map((model) => model.id)).toEqual([
      'Phi-3.5-vision-instruct-q4f16_1-MLC',
      'Phi-3.5-vision-instruct-q4f32_1-MLC',
    ]);
  });

  it('stays small', () => {
    expect(statSync(CATALOGUE_FILE).size).toBeLessThan(64 * 1024);
  });
});

it.each([
  ['Llama-3.2-1B-Instruct-q4f16_1-MLC', 1e9],
  ['Qwen3.5-0.8B-q4f16_1-MLC', 0.8e9],
  ['SmolLM2-360M-Instruct-q0f16-MLC', 360e6],
  ['stablelm-2-zephyr-1_6b-q4f16_1-MLC-1k', 1.6e9],
  ['gemma3-1b-it-q4f16_1-MLC', 1e9],
  // A version, a context, a part of the parameters: none is a count.
  ['phi-1_5-q4f16_1-MLC', null],
  ['Phi-3-mini-4k-instruct-q4f16_1-MLC', null],
  ['gemma-4-E2B-it-q4f16_1-MLC', null],
])('reads the parameters from %s', (id, parameters) => {
  expect(parametersOf(id)).toBe(parameters);
});

describe('what web-llm takes of a limit', () => {
  it.each([
    ['maxBufferSize', 4096 * MIB, 1024 * MIB],
    ['maxBufferSize', 512 * MIB, 256 * MIB],
    ['maxBufferSize', 128 * MIB, null],
    ['maxStorageBufferBindingSize', 1023 * MIB, 128 * MIB],
    ['maxStorageBuffersPerShaderStage', 10, 10],
    ['maxStorageBuffersPerShaderStage', 8, null],
  ] as const)('%s of %d: %s', (limit, available, granted) => {
    expect(webLlmGrant(limit, available)).toBe(granted);
  });

  it('says what an adapter would have to have', () => {
    expect(webLlmNeeds('maxStorageBufferBindingSize')).toBe(128 * MIB);
    expect(webLlmNeeds('maxStorageBufferBindingSize', 200 * MIB)).toBe(1024 * MIB);
    expect(webLlmNeeds('maxStorageBufferBindingSize', 2048 * MIB)).toBe(2048 * MIB);
  });

  it('is what the installed package asks for', () => {
    const source = readFileSync('node_modules/@mlc-ai/web-llm/lib/index.js', 'utf8');
    const asks = source.slice(
      source.indexOf('function detectGPUDevice'),
      source.indexOf('function tryCreateBuffer'),
    );
    const limits = asks.slice(asks.indexOf('requiredLimits: {'));
    for (const limit of Object.keys(WEB_LLM_LIMITS)) expect(limits).toContain(`${limit}: required`);
    for (const figure of [
      'requiredMaxBufferSize = 1 << 30',
      'backupRequiredMaxBufferSize = 1 << 28',
      'requiredMaxStorageBufferBindingSize = 1 << 30',
      'backupRequiredMaxStorageBufferBindingSize = 1 << 27',
      'requiredMaxComputeWorkgroupStorageSize = 32 << 10',
      'requiredMaxStorageBuffersPerShaderStage = 10',
    ])
      expect(asks).toContain(figure);
  });
});
