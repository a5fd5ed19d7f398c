import { readFileSync } from 'node:fs';
import { MLCEngine, prebuiltAppConfig } from '@mlc-ai/web-llm';
import { expect, it } from 'vitest';
import { SteppedPipeline } from '../../../../workers/inference/web-llm-pipeline.ts';

// What the host reaches behind web-llm's public face must be in the installed package. The guard in the worker would turn
// its absence into engine-incompatible, for every model of every user.
const source = readFileSync('node_modules/@mlc-ai/web-llm/lib/index.js', 'utf8');
const chatPipeline = source.slice(
  source.indexOf('\nclass LLMChatPipeline {'),
  source.indexOf('\nclass MLCEngine {'),
);

it('an engine without a model is known as such', () => {
  expect(SteppedPipeline.of(new MLCEngine({ appConfig: prebuiltAppConfig }), 'none')).toBeNull();
});

it.each([
  'this.prefillChunkSize = ',
  'this.contextWindowSize = ',
  'this.fullVocabSize = ',
  '    embedAndForward(inputData, inputDataLen) {',
  'yield this.embedAndForward(chunks[i], chunkLens[i])',
  'getChunkedPrefillInputData(inputData, this.prefillChunkSize',
  '    getTokenLogprobArray() {',
  '    getCurRoundCompletionTotalTokens() {',
  '    prepareGrammarMatcherForSampling(genConfig) {',
  'yield this.getArtifactPrefillChunks()',
  '    sync() {',
])('the chat pipeline still has %j', (fragment) => {
  expect(chatPipeline).toContain(fragment);
});

it.each(['"webllm/model"', '"webllm/config"', '"webllm/wasm"', '"tensor-cache.json"'])(
  'what it fetched is kept under %s',
  (name) => {
    expect(source).toContain(name);
  },
);
