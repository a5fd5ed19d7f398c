import { ByteReader, ByteWriter, MalformedBytes } from '#kernel/bytes';
import { BENCH_TESTS, type BenchResult, type BenchTest } from '#contracts/bench';
import { TIERS } from '#contracts/hardware';
import { FIGURES, figureOf, stepsOf, type Figure, type Measurements } from './canonical-result.ts';
import { cleanLabel, LABEL_LIMITS, type LabelField } from './label.ts';
import { EXPONENT_BOUNDS, MANTISSA_BOUND, mantissaOf, scaleOf, valueOf } from './sample-precision.ts';

/**
 * Payload of version 1, positional, in this order. u = varint, s = zigzag varint, text = u bytes + UTF-8.
 *   u suite (1 = quick-1) · text app, browser, os, gpu · u day
 *   byte: tier (bits 0–1), isolated (2), council known (3) · council as 4 bytes, if known
 *   u cores + 1, memory + 1 (0 = unknown) · u clock step, refresh interval, threads
 *   u visible share, warm-up runs, repetitions
 *   u members · text each · u tests · each: u member, u test, u samples, s exponent, u base, s sample − base …
 * Figures are in the steps of `FIGURES`; samples are mantissas of 10^exponent, base is their lower median.
 * Frozen: links of version 1 are out in the world. Another layout is another version.
 */
const SUITE = 1;
const MAX_TESTS = 64;
const MAX_SAMPLES = 60;
/** Longest code point in UTF-8. */
const BYTES_PER_CHARACTER = 4;

type Environment = BenchResult['environment'];
type RawTest = Measurements['tests'][number];

function writeFigure(writer: ByteWriter, value: number, figure: Figure): void {
  writer.unsigned(stepsOf(value, figure));
}

function writeOptional(writer: ByteWriter, value: number | null, figure: Figure): void {
  writer.unsigned(value === null ? 0 : stepsOf(value, figure) + 1);
}

function writeEnvironment(writer: ByteWriter, environment: Environment): void {
  const { app, browser, os, gpu, council, tier, isolated } = environment;
  for (const label of [app, browser, os, gpu]) writer.text(label);
  writeFigure(writer, environment.day, 'day');
  writer.byte(TIERS.indexOf(tier) | (isolated ? 4 : 0) | (council === '' ? 0 : 8));
  for (const pair of council.match(/../g) ?? []) writer.byte(Number.parseInt(pair, 16));
  writeOptional(writer, environment.cores, 'cores');
  writeOptional(writer, environment.deviceMemoryGiB, 'deviceMemoryGiB');
  writeFigure(writer, environment.clockStepUs, 'clockStepUs');
  writeFigure(writer, environment.refreshIntervalMs, 'refreshIntervalMs');
  writeFigure(writer, environment.threads, 'threads');
}

function writeTest(
  writer: ByteWriter,
  { member, test, samples }: BenchTest,
  members: readonly string[],
): void {
  const exponent = scaleOf(samples);
  const mantissas = samples.map((sample) => mantissaOf(sample, exponent));
  const base = [...mantissas].sort((a, b) => a - b)[Math.floor((mantissas.length - 1) / 2)] ?? 0;
  writer.unsigned(members.indexOf(member));
  writer.unsigned(BENCH_TESTS.indexOf(test));
  writer.unsigned(samples.length);
  writer.signed(exponent);
  writer.unsigned(base);
  for (const mantissa of mantissas) writer.signed(mantissa - base);
}

/** True when every sample is within what the layout holds. */
export function isPackable(result: BenchResult): boolean {
  return result.tests.every(({ samples }) => scaleOf(samples) <= EXPONENT_BOUNDS.largest);
}

/** @param result in canonical form and packable */
export function packResult(result: BenchResult): Uint8Array {
  const writer = new ByteWriter();
  writer.unsigned(SUITE);
  writeEnvironment(writer, result.environment);
  const { visibleShare, warmupRuns, repetitions } = result.conditions;
  writeFigure(writer, visibleShare, 'visibleShare');
  writeFigure(writer, warmupRuns, 'warmupRuns');
  writeFigure(writer, repetitions, 'repetitions');
  const members = [...new Set(result.tests.map(({ member }) => member))];
  writer.unsigned(members.length);
  for (const member of members) writer.text(member);
  writer.unsigned(result.tests.length);
  for (const test of result.tests) writeTest(writer, test, members);
  return writer.finish();
}

function readLabel(reader: ByteReader, field: LabelField): string {
  const label = reader.text(LABEL_LIMITS[field] * BYTES_PER_CHARACTER);
  if (label !== cleanLabel(label, field)) throw new MalformedBytes(`label ${field}`);
  return label;
}

function readFigure(reader: ByteReader, figure: Figure): number {
  const { max, perUnit } = FIGURES[figure];
  return figureOf(reader.unsigned(max * perUnit), figure);
}

function readOptional(reader: ByteReader, figure: Figure): number | null {
  const { max, perUnit } = FIGURES[figure];
  const steps = reader.unsigned(max * perUnit + 1);
  return steps === 0 ? null : figureOf(steps - 1, figure);
}

function readEnvironment(reader: ByteReader): Environment {
  const app = readLabel(reader, 'app');
  const browser = readLabel(reader, 'browser');
  const os = readLabel(reader, 'os');
  const gpu = readLabel(reader, 'gpu');
  const day = readFigure(reader, 'day');
  const bits = reader.byte();
  const tier = TIERS[bits & 3];
  if (tier === undefined || bits > 15) throw new MalformedBytes('flags');
  const council =
    bits & 8 ? Array.from({ length: 4 }, () => reader.byte().toString(16).padStart(2, '0')).join('') : '';
  return {
    app,
    browser,
    os,
    gpu,
    day,
    tier,
    isolated: (bits & 4) !== 0,
    council,
    cores: readOptional(reader, 'cores'),
    deviceMemoryGiB: readOptional(reader, 'deviceMemoryGiB'),
    clockStepUs: readFigure(reader, 'clockStepUs'),
    refreshIntervalMs: readFigure(reader, 'refreshIntervalMs'),
    threads: readFigure(reader, 'threads'),
  };
}

function readCount(reader: ByteReader, max: number): number {
  const count = reader.unsigned(max);
  if (count === 0) throw new MalformedBytes('nothing where something must be');
  return count;
}

function readTest(reader: ByteReader, members: readonly string[]): RawTest {
  const member = members[reader.unsigned(members.length - 1)];
  const test = BENCH_TESTS[reader.unsigned(BENCH_TESTS.length - 1)];
  if (member === undefined || test === undefined) throw new MalformedBytes('unknown test');
  const count = readCount(reader, MAX_SAMPLES);
  const exponent = reader.signed(EXPONENT_BOUNDS.largest);
  if (exponent < EXPONENT_BOUNDS.smallest) throw new MalformedBytes('exponent');
  const base = reader.unsigned(MANTISSA_BOUND);
  const samples = Array.from({ length: count }, () => {
    const mantissa = base + reader.signed(MANTISSA_BOUND);
    if (mantissa < 0 || mantissa > MANTISSA_BOUND) throw new MalformedBytes('sample');
    return valueOf(mantissa, exponent);
  });
  return { member, test, samples };
}

/** @throws MalformedBytes on anything that `packResult` does not write */
export function unpackResult(bytes: Uint8Array): Measurements {
  const reader = new ByteReader(bytes);
  if (reader.unsigned(SUITE) !== SUITE) throw new MalformedBytes('suite');
  const environment = readEnvironment(reader);
  const visibleShare = readFigure(reader, 'visibleShare');
  const warmupRuns = readFigure(reader, 'warmupRuns');
  const repetitions = readFigure(reader, 'repetitions');
  const members = Array.from({ length: readCount(reader, MAX_TESTS) }, () => readLabel(reader, 'member'));
  const tests = Array.from({ length: readCount(reader, MAX_TESTS) }, () => readTest(reader, members));
  reader.end();
  return { environment, visibleShare, warmupRuns, repetitions, tests };
}
