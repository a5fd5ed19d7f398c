import { MalformedBytes } from '#kernel/bytes';
import { err, ok } from '#kernel/result';
import { BenchResultSchema, type BenchResult } from '#contracts/bench';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import { canonicalise, makeResult } from './canonical-result.ts';
import { openFragment, sealFragment, URL_LIMIT } from './link-text.ts';
import { isPackable, packResult, unpackResult } from './packed-result.ts';

/** Version of the packed layout, not of the result's schema. */
const VERSION = 1;

/**
 * The fragment `b1.<payload>.<crc32>` (without `#`) that holds the whole result, raw samples included.
 * `decode` gives back exactly `canonicalise(result)`, which is `result` itself for every result the suite made.
 * Errors: link-invalid for what no suite makes (no schema, samples of 10¹⁴ and more).
 */
export function encode(result: BenchResult): Outcome<string> {
  const parsed = parseWith(BenchResultSchema, result, 'link-invalid');
  if (!parsed.ok) return parsed;
  const canonical = canonicalise(parsed.value);
  if (!isPackable(canonical)) return err(failure('link-invalid', { reason: 'figure-out-of-range' }));
  return ok(sealFragment(VERSION, packResult(canonical)));
}

/**
 * Reads a whole link or its fragment. What it returns is what a stranger claims: well-formed, never verified.
 * Errors: link-too-long, link-invalid, link-version-unsupported, link-checksum-mismatch.
 */
export function decode(linkOrFragment: string): Outcome<BenchResult> {
  const bytes = openFragment(linkOrFragment, VERSION);
  if (!bytes.ok) return bytes;
  try {
    return parseWith(BenchResultSchema, makeResult(unpackResult(bytes.value)), 'link-invalid');
  } catch (thrown) {
    if (thrown instanceof MalformedBytes) return err(failure('link-invalid', { reason: thrown.message }));
    return err(failureOf(thrown));
  }
}

/**
 * The link to send: `page` without its own fragment, then the result.
 * Errors: link-too-long above 2,000 characters, beyond which chat programs cut links; those of `encode`.
 */
export function linkFor(page: string, result: BenchResult): Outcome<string> {
  const fragment = encode(result);
  if (!fragment.ok) return fragment;
  const link = `${page.replace(/#.*$/s, '')}#${fragment.value}`;
  return link.length > URL_LIMIT ? err(failure('link-too-long', { characters: link.length })) : ok(link);
}
