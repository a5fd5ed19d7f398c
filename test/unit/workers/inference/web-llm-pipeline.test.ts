import { describe, expect, it } from 'vitest';
import { PrefillStopped, SteppedPipeline } from '../../../../workers/inference/web-llm-pipeline.ts';

interface Chunk {
  tokenIds: number[];
  modalityIds: number[];
  embeddings?: string;
}

/** A pipeline of a model with a manifest: web-llm forwards all chunks that it is given in one go. */
function manifestPipeline(promptTokens: number, onForward: () => void = () => undefined) {
  const log: string[] = [];
  const pipeline = {
    prefillChunkSize: 512,
    contextWindowSize: 4096,
    fullVocabSize: 99,
    filledKVCacheLength: 0,
    embedAndForward: () => Promise.resolve('logits'),
    sync: () => {
      log.push('sync');
      return Promise.resolve();
    },
    getTokenLogprobArray: () => [],
    getArtifactTextEmbeddings: (tokenIds: readonly number[]) => `text×${tokenIds.length}`,
    artifactPrefillAndForward: (embeddings: unknown, tokenIds: readonly number[]) => {
      log.push(`${String(embeddings)} at ${pipeline.filledKVCacheLength}`);
      pipeline.filledKVCacheLength += tokenIds.length;
      onForward();
      return 'logits';
    },
    getArtifactPrefillChunks: (): Promise<[Chunk[], number]> => {
      const chunks: Chunk[] = [];
      for (let left = promptTokens; left > 0; left -= pipeline.prefillChunkSize) {
        const ids = Array.from({ length: Math.min(left, pipeline.prefillChunkSize) }, () => 1);
        chunks.push({ tokenIds: ids, modalityIds: ids.map(() => 0) });
      }
      return Promise.resolve([chunks, promptTokens]);
    },
  };
  const prefill = async (): Promise<void> => {
    const [chunks] = await pipeline.getArtifactPrefillChunks();
    for (const { tokenIds } of chunks)
      pipeline.artifactPrefillAndForward(pipeline.getArtifactTextEmbeddings(tokenIds), tokenIds);
  };
  return { pipeline, log, prefill };
}

function stepped(pipeline: object): SteppedPipeline {
  const found = SteppedPipeline.of({ loadedModelIdToPipeline: new Map([['m', pipeline]]) }, 'm');
  if (!(found instanceof SteppedPipeline)) throw new Error(String(found));
  return found;
}

describe('a model with a manifest', () => {
  it('is prefilled chunk by chunk, in order, and web-llm does the last', async () => {
    const { pipeline, log, prefill } = manifestPipeline(300);
    let steps = 0;
    stepped(pipeline).follow(new AbortController().signal, () => {
      steps += 1;
    });
    await prefill();
    expect(log).toEqual(['text×128 at 0', 'sync', 'text×128 at 128', 'sync', 'text×44 at 256']);
    expect(steps).toBe(2);
  });

  it('is stopped between two chunks', async () => {
    const stop = new AbortController();
    const { pipeline, log, prefill } = manifestPipeline(1000, () => {
      stop.abort();
    });
    stepped(pipeline).follow(stop.signal, () => undefined);
    await expect(prefill()).rejects.toBeInstanceOf(PrefillStopped);
    expect(log).toEqual(['text×128 at 0', 'sync']);
  });
});

it('never makes the chunks larger than the library allows', () => {
  const { pipeline } = manifestPipeline(10);
  pipeline.prefillChunkSize = 64;
  stepped(pipeline);
  expect(pipeline.prefillChunkSize).toBe(64);
});

it('waits for a grammar that a stopped prefill has left half compiled', async () => {
  let finish: () => void = () => undefined;
  const pipeline = {
    ...manifestPipeline(1).pipeline,
    prepareGrammarMatcherForSampling: () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  };
  const model = stepped(pipeline);
  const heard: boolean[] = [];
  const { signal } = new AbortController();
  model.follow(
    signal,
    () => undefined,
    (compiles) => heard.push(compiles),
  );
  void pipeline.prepareGrammarMatcherForSampling();
  expect(heard).toEqual([true]);
  // Whoever comes next does not hear the end of another's.
  model.follow(signal, () => undefined);
  let idle = false;
  const waiting = model.idle().then(() => {
    idle = true;
  });
  await Promise.resolve();
  expect(idle).toBe(false);
  finish();
  await waiting;
  expect(heard).toEqual([true, false]);
});

it('says nothing of a grammar that is there already', () => {
  const pipeline = { ...manifestPipeline(1).pipeline, prepareGrammarMatcherForSampling: () => undefined };
  const heard: boolean[] = [];
  stepped(pipeline).follow(
    new AbortController().signal,
    () => undefined,
    (compiles) => heard.push(compiles),
  );
  pipeline.prepareGrammarMatcherForSampling();
  expect(heard).toEqual([]);
});

it('tells an engine without the model from an engine it does not know', () => {
  const { pipeline } = manifestPipeline(1);
  expect(SteppedPipeline.of({ loadedModelIdToPipeline: new Map() }, 'm')).toBeNull();
  expect(SteppedPipeline.of({}, 'm')).toBe('incompatible');
  const other = { ...pipeline, sync: undefined };
  expect(SteppedPipeline.of({ loadedModelIdToPipeline: new Map([['m', other]]) }, 'm')).toBe('incompatible');
});

describe('a prompt on a slow device', () => {
  /** As `LLMChatPipeline`: refuses chunks that are too large, and takes 10 ms for a token. */
  function slowPipeline() {
    let nowMs = 0;
    const forwarded: number[][] = [];
    const pipeline = {
      prefillChunkSize: 1024,
      contextWindowSize: 4096,
      fullVocabSize: 99,
      embedAndForward: (chunk: readonly (readonly number[])[], tokens: number): Promise<string> => {
        if (tokens > pipeline.prefillChunkSize) throw new Error('expect inputDataLen <= prefillChunkSize');
        forwarded.push(chunk.flat());
        nowMs += 10 * tokens;
        return Promise.resolve(`logits after ${chunk.flat().at(-1)}`);
      },
      sync: () => Promise.resolve(),
      getTokenLogprobArray: () => [],
    };
    const found = SteppedPipeline.of(
      { loadedModelIdToPipeline: new Map([['m', pipeline]]) },
      'm',
      () => nowMs,
    );
    if (!(found instanceof SteppedPipeline)) throw new Error(String(found));
    return { pipeline, forwarded, stepped: found };
  }

  const ids = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, index) => from + index);

  it('is taken in smaller and smaller steps, every token once and in order', async () => {
    const { pipeline, forwarded, stepped: model } = slowPipeline();
    model.follow(new AbortController().signal, () => undefined);
    const logits: string[] = [];
    for (let from = 0; from < 512; from += 128)
      logits.push(await pipeline.embedAndForward([ids(from, from + 100), ids(from + 100, from + 128)], 128));
    expect(forwarded.flat()).toEqual(ids(0, 512));
    expect(forwarded.map((chunk) => chunk.length)).toEqual([128, 128, 64, 32, 32, 32, 32, 32, 32]);
    expect(logits.at(-1)).toBe('logits after 511');
    model.follow(new AbortController().signal, () => undefined);
    expect(pipeline.prefillChunkSize).toBe(32);
  });

  it('is stopped between two of them', async () => {
    const { pipeline, forwarded, stepped: model } = slowPipeline();
    const stop = new AbortController();
    let steps = 0;
    model.follow(stop.signal, () => {
      steps += 1;
      if (steps === 3) stop.abort();
    });
    await pipeline.embedAndForward([ids(0, 128)], 128);
    await pipeline.embedAndForward([ids(128, 256)], 128);
    await expect(pipeline.embedAndForward([ids(256, 384)], 128)).rejects.toThrow(PrefillStopped);
    expect(forwarded).toHaveLength(3);
  });

  it('with more in it than text is left whole', async () => {
    const { pipeline, forwarded } = slowPipeline();
    await pipeline.embedAndForward([[1, 2], 'picture'] as unknown as number[][], 66);
    expect(forwarded).toHaveLength(1);
  });
});
