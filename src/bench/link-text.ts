import { base64UrlDecode, base64UrlEncode } from '#kernel/base64url';
import { crc32 } from '#kernel/crc32';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';

/** Refused unread above this: the largest result has a third of it, and decoding hostile text costs time. */
export const INPUT_LIMIT = 8192;
/** Chat programs and address bars keep links of this length whole (benchmarks research §7: Discord 2,000). */
export const URL_LIMIT = 2000;

/** Messengers escape a link at most once, mail gateways once more. */
const UNESCAPE_TRIES = 2;

const VERSION = /^b(\d{1,4})\./;
const FRAGMENT = /^(b(\d{1,4})\.([A-Za-z0-9_-]+))\.([0-9a-f]{8})$/;
/** What people and chat programs leave before and behind a link. No fragment begins or ends with any of it. */
const LEADING = /^[\s<("'“‘«[{*_~]+/;
const TRAILING = /[\s.,;:!?)>"'”’»\]}*_~]+$/;

function checksum(sealed: string): string {
  return crc32(new TextEncoder().encode(sealed)).toString(16).padStart(8, '0');
}

/** `b<version>.<payload>.<CRC-32 of all before it, hexadecimal>`: no padding, ends in a letter or digit. */
export function sealFragment(version: number, payload: Uint8Array): string {
  const sealed = `b${String(version)}.${base64UrlEncode(payload)}`;
  return `${sealed}.${checksum(sealed)}`;
}

/** The part behind the last `#`, or the whole text where there is none. */
function fragmentOf(text: string): string {
  const fragment = text.slice(text.lastIndexOf('#') + 1);
  return fragment.replace(LEADING, '').replace(TRAILING, '');
}

/** The text as it stands, and as it reads with percent escapes resolved once and twice. */
function spellings(text: string): string[] {
  const found = [text];
  for (let step = 0; step < UNESCAPE_TRIES; step += 1) {
    const last = found.at(-1) ?? '';
    if (!last.includes('%')) break;
    try {
      found.push(decodeURIComponent(last));
    } catch {
      break; // a percent sign that escapes nothing
    }
  }
  return found;
}

/**
 * Finds and checks the fragment in a whole link or in the fragment alone, tolerating percent escapes and punctuation
 * around it. Errors: link-too-long, link-invalid, link-version-unsupported, link-checksum-mismatch.
 */
export function openFragment(text: string, supported: number): Outcome<Uint8Array> {
  if (text.length > INPUT_LIMIT) return err(failure('link-too-long', { characters: text.length }));
  const candidates = spellings(text).map(fragmentOf);
  const parts = candidates.map((candidate) => FRAGMENT.exec(candidate)).find((found) => found !== null);
  const named =
    parts?.[2] ?? candidates.map((each) => VERSION.exec(each)?.[1]).find((found) => found !== undefined);
  if (named !== undefined && Number(named) !== supported) {
    return err(failure('link-version-unsupported', { version: Number(named) }));
  }
  if (parts == null) return err(failure('link-invalid', { reason: 'no-result' }));
  const [, sealed = '', version, payload = '', sum] = parts;
  if (version !== String(supported)) return err(failure('link-invalid', { reason: 'version' }));
  if (checksum(sealed) !== sum) return err(failure('link-checksum-mismatch'));
  const bytes = base64UrlDecode(payload);
  return bytes === null ? err(failure('link-invalid', { reason: 'base64' })) : ok(bytes);
}
