import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { WitanFailure } from '../../src/contracts/errors.ts';
import { GGUF_REFUSALS } from '../../src/contracts/gguf.ts';
import { median } from '../../src/kernel/statistics-order.ts';
import { blobSource } from '../../src/storage/gguf/blob-source.ts';
import { inspectGguf } from '../../src/storage/gguf/inspect.ts';
import { ggufFile, numbers, TENSOR, text, TYPE } from '../../test/fakes/gguf-file.ts';
import { sourceOf, tensor, vocabularySpec, withFields } from '../../test/fakes/gguf-models.ts';
import { hostileGguf } from '../../test/fakes/gguf-mutations.ts';

/**
 * Puts hostile GGUF headers before the parser (mutated valid files, assembled ones, noise) and prints one JSON document:
 * verdicts, the longest case, the largest read, what did not end as it must; the memory that the largest header takes which
 * the limits allow; and the time of valid headers with large vocabularies. Exits with 1 when a case ended otherwise than
 * with an acceptance or a refusal; then `counterexample` has it, shrunk.
 *
 *     npx tsx tools/measure/gguf-fuzz.ts CASES [SEED]
 */
const RUNS = 20;
const MIB = 2 ** 20;
const [cases = '10000', seed = '1'] = process.argv.slice(2);
const never = new AbortController().signal;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const verdictOf = ({ code, details }: WitanFailure): string =>
  code === 'model-invalid' ? String(details['reason']) : code;

/** What writing a file has left behind is freed over several rounds; it would count as the parser's. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    collect();
    await new Promise(setImmediate);
  }
}

async function fuzz(): Promise<object> {
  const verdicts = new Map<string, number>();
  let longestMs = 0;
  let largestRead = 0;
  let untyped = 0;
  const property = fc.asyncProperty(hostileGguf, async (bytes) => {
    const inner = sourceOf(bytes);
    const source = {
      sizeBytes: inner.sizeBytes,
      read: (offset: number, length: number): Promise<Uint8Array> => {
        largestRead = Math.max(largestRead, length);
        return inner.read(offset, length);
      },
    };
    const from = performance.now();
    let verdict: string;
    try {
      const outcome = await inspectGguf(never, source);
      verdict = outcome.ok ? 'accepted' : verdictOf(outcome.error);
    } catch {
      verdict = 'thrown';
    }
    longestMs = Math.max(longestMs, performance.now() - from);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    if (verdict === 'accepted' || GGUF_REFUSALS.some((reason) => reason === verdict)) return true;
    untyped += 1;
    return false;
  });
  const from = performance.now();
  const details = await fc.check(property, { numRuns: Number(cases), seed: Number(seed) });
  const { accepted = 0, ...refused } = Object.fromEntries([...verdicts].sort((a, b) => b[1] - a[1]));
  return {
    cases: details.numRuns,
    seed: Number(seed),
    seconds: Math.round((performance.now() - from) / 1000),
    accepted,
    refused,
    untypedEnds: untyped,
    longestCaseMs: longestMs,
    largestReadBytes: largestRead,
    ...(details.failed && {
      counterexample: details.counterexample?.map((bytes) => Buffer.from(bytes).toString('base64')),
    }),
  };
}

/** Nearly everything at its limit: what the parser holds while it reads, without what it has dropped already. */
async function largestHeader(): Promise<object> {
  const layers = new Array<number>(512).fill(1.5);
  const bytes = ggufFile({
    ...withFields(
      text('tokenizer.chat_template', 'x'.repeat(MIB)),
      ...[
        'general.type',
        'general.name',
        'general.license',
        'tokenizer.ggml.model',
        'tokenizer.ggml.pre',
      ].map((key) => text(key, 'x'.repeat(MIB))),
      ...Array.from({ length: 4074 }, (_, index) =>
        numbers(`${'k'.repeat(900)}${index}.attention.head_count`, TYPE.f64, layers),
      ),
    ),
    tensors: Array.from({ length: 16_384 }, (_, index) =>
      tensor(String(index).padEnd(63, 't'), [8], TENSOR.f32, 32),
    ),
  });
  const held = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const sizeBytes = bytes.byteLength;
  await settle();
  const before = held();
  let most = 0;
  const outcome = await inspectGguf(never, {
    sizeBytes,
    read: (offset, length) => {
      const window = bytes.slice(offset, offset + length);
      most = Math.max(most, held() - before);
      return Promise.resolve(window);
    },
  });
  most = Math.max(most, held() - before);
  return { headerMiB: sizeBytes / MIB, accepted: outcome.ok, mostHeldMiB: most / MIB };
}

interface Times {
  /** Of the process's first, with the code not yet compiled. */
  readonly firstMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
  /** Processor time of all threads: what a busy machine does not change. */
  readonly cpuMedianMs: number;
  readonly cpuMaxMs: number;
}

/** @param asBlob read by slices of a Blob, as a page reads a file; else from memory, as the parser alone */
async function timed(bytes: Uint8Array<ArrayBuffer>, asBlob: boolean): Promise<Times> {
  const source = asBlob ? blobSource(new Blob([bytes])) : sourceOf(bytes);
  await settle();
  const values: number[] = [];
  const cpu: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const cpuFrom = process.cpuUsage();
    const from = performance.now();
    const outcome = await inspectGguf(never, source);
    values.push(performance.now() - from);
    const { user, system } = process.cpuUsage(cpuFrom);
    cpu.push((user + system) / 1000);
    if (!outcome.ok) throw new Error(`a valid file was refused: ${JSON.stringify(outcome.error)}`);
  }
  return {
    firstMs: values[0] ?? 0,
    medianMs: median(values),
    maxMs: Math.max(...values),
    cpuMedianMs: median(cpu),
    cpuMaxMs: Math.max(...cpu),
  };
}

async function vocabulary(tokens: number): Promise<object> {
  const bytes = ggufFile(vocabularySpec(tokens));
  return {
    tokens,
    merges: 2 * tokens,
    headerMiB: bytes.byteLength / MIB,
    runs: RUNS,
    memory: await timed(bytes, false),
    blob: await timed(bytes, true),
  };
}

const vocabularies = [await vocabulary(150_000), await vocabulary(262_144)];
const report = {
  schema: 'witan.measure.gguf-fuzz',
  version: 1,
  vocabularies,
  largestHeader: await largestHeader(),
  fuzz: await fuzz(),
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
if ('counterexample' in report.fuzz) process.exitCode = 1;
