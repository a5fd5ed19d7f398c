import { describe, expect, it } from 'vitest';
import type { GgufSummary } from '#contracts/gguf';
import { storedMember } from '../../../src/app/stored-members.ts';
import { ggufFile, u32 } from '../../fakes/gguf-file.ts';
import { inspect, withFields } from '../../fakes/gguf-models.ts';
import { storedModel } from '../../fakes/models-port.ts';

/** What the parser says of a file that was trained for so many tokens. */
async function summaryOf(contextTokens: number): Promise<GgufSummary> {
  const inspected = await inspect(ggufFile(withFields(u32('llama.context_length', contextTokens))));
  if (!inspected.ok) throw new Error(JSON.stringify(inspected.error));
  return inspected.value.summary;
}

const MODEL = storedModel({ id: 'import-mine', name: 'Mine', sizeBytes: 5_000 });
const rungIds = (contexts: readonly number[], backend: string): string[] =>
  contexts.map((tokens) => `${backend}@${String(tokens)}`);

describe('the rungs of a stored model', () => {
  it.each([
    [1_000_000, [4096, 2048, 1024]],
    [4096, [4096, 2048, 1024]],
    [3000, [3000, 2048, 1024]],
    [2048, [2048, 1024]],
    [1024, [1024]],
    [800, [800]],
  ])('of %i tokens of context go down from there', async (trained, contexts) => {
    const { rungs } = storedMember(MODEL, await summaryOf(trained), false, 4);
    expect(rungs.map(({ id }) => id)).toEqual(rungIds(contexts, 'cpu'));
    expect(rungs.map(({ load }) => load.contextTokens)).toEqual(contexts);
  });

  it('begin on the graphics card where there is one, and end on the CPU', () => {
    const { rungs } = storedMember(MODEL, null, true, 4);
    const contexts = [4096, 2048, 1024];
    expect(rungs.map(({ id }) => id)).toEqual([...rungIds(contexts, 'webgpu'), ...rungIds(contexts, 'cpu')]);
    expect(new Set(rungs.map(({ id }) => id)).size).toBe(rungs.length);
  });

  it('say what the store has, and leave its files to the load', async () => {
    const summary = await summaryOf(2048);
    const member = storedMember(MODEL, summary, true, 3);
    expect(member).toMatchObject({ id: 'import-mine', name: 'Mine', bundled: false });
    expect(member.manner?.promptLimit).toBeLessThan(2048);
    expect(member.unavailable).toBeUndefined();
    expect(member.rungs[0]).toEqual({
      id: 'webgpu@2048',
      engine: 'wllama',
      load: {
        model: { format: 'stored', id: 'import-mine', name: 'Mine', sizeBytes: 5_000 },
        backend: 'webgpu',
        threads: 3,
        contextTokens: 2048,
        slots: 1,
      },
      model: 'import-mine',
      parameters: summary.parameters,
      sizeBytes: 5_000,
      memoryBytes: expect.any(Number) as number,
      features: [],
      accuracy: null,
    });
  });

  it('of a model that is not all here have what is known of it', () => {
    const [rung] = storedMember(storedModel({ sizeBytes: null, keptBytes: 700 }), null, false, 1).rungs;
    expect(rung).toMatchObject({ parameters: 0, sizeBytes: 700, load: { model: { sizeBytes: 700 } } });
  });
});
