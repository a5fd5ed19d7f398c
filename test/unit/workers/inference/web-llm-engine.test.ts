import { describe, expect, it } from 'vitest';
import {
  appConfigFor,
  folderForWebLlm,
  LIBRARY_ADDRESS,
  progressOf,
} from '../../../../workers/inference/web-llm-engine.ts';
import { MODEL, OPTIONS } from '../../../fakes/web-llm-host.ts';

/** What web-llm 0.2.86 makes of a folder (`cleanModelUrl`), and then of a file in it. */
function fileInFolder(folder: string): string {
  let url = folder;
  url += url.endsWith('/') ? '' : '/';
  if (!/.+\/resolve\/.+\//.test(url)) url += 'resolve/main/';
  return new URL('mlc-chat-config.json', new URL(url).href).href;
}

it.each([
  ['https://huggingface.co/mlc-ai/x/resolve/main/', 'https://huggingface.co/mlc-ai/x/resolve/main/'],
  ['https://huggingface.co/mlc-ai/x/resolve/v1', 'https://huggingface.co/mlc-ai/x/resolve/v1/'],
  ['https://home.test/models/x/', 'https://home.test/models/x/'],
  ['https://home.test/models/x', 'https://home.test/models/x/'],
])('files are looked up in the folder that was given: %s', (given, folder) => {
  expect(fileInFolder(folderForWebLlm(given))).toBe(`${folder}mlc-chat-config.json`);
});

it('configures exactly one model, with the context that was asked for', () => {
  expect(appConfigFor(MODEL, OPTIONS)).toEqual({
    cacheBackend: 'cache',
    model_list: [
      {
        model: MODEL.weightsUrl,
        model_id: MODEL.id,
        model_lib: LIBRARY_ADDRESS,
        required_features: ['shader-f16'],
        overrides: { context_window_size: 512, sliding_window_size: -1, max_history_size: 1 },
      },
    ],
  });
});

it('lets no override of the model take the place of the context', () => {
  const model = { ...MODEL, overrides: { context_window_size: 4096 } };
  expect(appConfigFor(model, OPTIONS).model_list[0]?.overrides?.context_window_size).toBe(512);
});

it('loads a model through its manifest where it has one', () => {
  const model = { ...MODEL, manifest: 'mlc-model-manifest.json' };
  expect(appConfigFor(model, OPTIONS).model_list[0]?.model_manifest).toBe('mlc-model-manifest.json');
  expect(appConfigFor(MODEL, OPTIONS).model_list[0]).not.toHaveProperty('model_manifest');
});

describe('progress', () => {
  // Texts as web-llm 0.2.86 writes them.
  it.each([
    [0.25, 'Loading model from cache[2/8]: 64MB loaded. 25% completed, 3 secs elapsed.', 'upload'],
    [0.5, 'Loading GPU shader modules[40/80]: 50% completed, 1 secs elapsed.', 'compile'],
  ])('%f of «%s»', (progress, text, phase) => {
    expect(progressOf({ progress, text }, 1000)).toEqual({
      phase,
      fraction: progress,
      ...(phase === 'upload' ? { bytes: 250 } : {}),
    });
  });

  it.each([
    [0, 'Start to fetch params'],
    [0.5, 'Fetching param cache[4/8]: 128MB fetched. 50% completed, 9 secs elapsed.'],
    [1, 'Finish loading on WebGPU - nvidia'],
    [Number.NaN, 'Loading model from cache[0/0]: 0MB loaded.'],
  ])('tells nothing new: %f of «%s»', (progress, text) => {
    expect(progressOf({ progress, text }, 1000)).toBeNull();
  });
});
