import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { Deliberation } from '#contracts/deliberation';
import { openWitanDatabase } from '../../../src/storage/database.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { HistorySearch } from '../../../src/storage/history-search.ts';
import { deliberation } from '../../../test/fakes/deliberations.ts';

const VOCABULARY = 2_000;

/** Sentences of a vocabulary of words with accents, as frequent as words are (Zipf). */
function sentences(count: number, random: () => number): string {
  const word = (): string => {
    const rank = Math.floor(VOCABULARY ** random());
    const letters = seededRandom(rank);
    return Array.from(
      { length: 3 + Math.floor(letters() * 7) },
      () => 'aeéiîoöuübcdfglmnrst'[Math.floor(letters() * 20)],
    ).join('');
  };
  return Array.from({ length: count }, word).join(' ');
}

/** A round of three members that wrote a paragraph each: 3 KB, as free answers are. */
function record(index: number, random: () => number): Deliberation {
  const base = deliberation(`round-${String(index)}`, 1_700_000_000_000 + index * 1_000);
  const answers = [0, 1, 2].map(() => sentences(60, random));
  return {
    ...base,
    answerKind: 'free',
    prompt: sentences(12, random),
    answer: answers[0] ?? '',
    members: answers.map((answer, at) => ({
      ...base.members[0],
      id: `m${String(at)}`,
      name: 'M',
      answer,
      key: answer,
    })) as Deliberation['members'],
  };
}

async function measureSearch(count: number, runs: number): Promise<object> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  const database = opened.value;
  const random = seededRandom(1);
  let bytes = 0;
  for (let first = 0; first < count; first += 500) {
    const transaction = database.transaction('deliberations', 'readwrite');
    for (let index = first; index < Math.min(count, first + 500); index += 1) {
      const made = record(index, random);
      bytes += JSON.stringify(made).length;
      void transaction.store.put(made, made.id);
    }
    await transaction.done;
  }
  const store = new DeliberationStore(database);
  const never = new AbortController().signal;
  const timed = async (
    search: HistorySearch,
    query: string,
    readingMs?: number,
  ): Promise<{ ms: number; matches: number; searched: number; complete: boolean }> => {
    const startMs = performance.now();
    const found = await search.search(never, query, 50, readingMs);
    const ms = performance.now() - startMs;
    if (!found.ok) throw new Error(found.error.code);
    const { matches, searched, complete } = found.value;
    return { ms, matches, searched, complete };
  };
  const unbounded = new HistorySearch(systemClock, store);
  const first = await timed(unbounded, sentences(1, random), Infinity);
  const later = [];
  for (let run = 0; run < runs; run += 1)
    later.push(await timed(unbounded, sentences(1 + (run % 3), random)));
  const bounded = new HistorySearch(systemClock, store);
  const steps = [];
  do steps.push(await timed(bounded, sentences(1, random)));
  while (steps.at(-1)?.complete !== true && steps.length < 50);
  const sorted = later.map(({ ms }) => ms).sort((a, b) => a - b);
  database.close();
  return {
    schema: 'witan.measure.history-search',
    version: 1,
    records: count,
    megabytes: bytes / 1e6,
    firstMs: first.ms,
    laterMs: { median: sorted[Math.floor(sorted.length / 2)], max: sorted.at(-1) },
    boundedSteps: steps,
    later,
  };
}

Object.assign(globalThis, { measureSearch });
