import { describe, expect, it } from 'vitest';
import { judge, type Asked } from '../../../../src/storage/download/answer-head.ts';
import type { NetHead } from '../../../../src/storage/download/net-port.ts';

const HEAD: NetHead = {
  status: 206,
  contentLength: 100,
  contentRange: 'bytes 100-199/1000',
  contentEncoding: null,
  contentType: 'application/octet-stream',
  etag: '"a"',
  retryAfter: null,
};
const ASKED: Asked = {
  range: { fromByte: 100, toByte: 200 },
  sizeBytes: 1_000,
  proved: true,
  etag: null,
  nowEpochMs: 0,
};
const PART = { kind: 'part', range: { fromByte: 100, toByte: 200 }, sizeBytes: 1_000 };
const WHOLE = { status: 200, contentRange: null, contentLength: 1_000 };
const refused = (reason: string, noRanges = false): object => ({
  kind: 'fault',
  fault: { reason },
  noRanges,
});

describe('a head', () => {
  it.each<readonly [string, Partial<NetHead>, Partial<Asked>, object]>([
    ['the part asked for', {}, {}, PART],
    ['of unknown length', { contentLength: null }, {}, PART],
    ['which tells the size', {}, { sizeBytes: null }, PART],
    ['of a file of untold size that is known', { contentRange: 'bytes 100-199/*' }, {}, PART],
    [
      'less than was asked for',
      { contentRange: 'bytes 100-149/1000', contentLength: 50 },
      {},
      { ...PART, range: { fromByte: 100, toByte: 150 } },
    ],
    [
      'of untold size',
      { contentRange: 'bytes 100-199/*' },
      { sizeBytes: null },
      refused('size-unknown', true),
    ],
    ['another part', { contentRange: 'bytes 0-99/1000' }, {}, refused('wrong-range')],
    [
      'more than was asked for',
      { contentRange: 'bytes 100-200/1000', contentLength: null },
      {},
      refused('wrong-range'),
    ],
    [
      'a part behind the end',
      { contentRange: 'bytes 100-199/150' },
      { sizeBytes: null },
      refused('wrong-range'),
    ],
    ['the end before the start', { contentRange: 'bytes 100-98/1000' }, {}, refused('wrong-range')],
    ['a body of another length', { contentLength: 99 }, {}, refused('wrong-range')],
    ['in other units', { contentRange: 'pages 1-2/3' }, {}, refused('wrong-range')],
    ['with a sign', { contentRange: 'bytes -100-199/1000' }, {}, refused('wrong-range')],
    [
      'a number nobody can count to',
      { contentRange: 'bytes 100-9999999999999999/*' },
      {},
      refused('wrong-range'),
    ],
    ['of a file of another size', { contentRange: 'bytes 100-199/999' }, {}, refused('other-size')],
    ['compressed', { contentEncoding: 'gzip' }, {}, refused('encoded', true)],
    ['not compressed, in words', { contentEncoding: 'identity' }, {}, PART],
    ['not asked for', {}, { range: null }, refused('wrong-range')],
    ['hidden', { contentRange: null }, {}, PART],
    ['hidden, of another length', { contentRange: null, contentLength: 99 }, {}, refused('wrong-range')],
    ['hidden, and no hash', { contentRange: null }, { proved: false }, refused('wrong-range', true)],
    ['hidden, size unknown', { contentRange: null }, { sizeBytes: null }, refused('size-unknown', true)],
    [
      'hidden, size unknown, all of it',
      { contentRange: null, contentLength: 70 },
      { sizeBytes: null, range: { fromByte: 0, toByte: 100 } },
      { kind: 'part', range: { fromByte: 0, toByte: 70 }, sizeBytes: 70 },
    ],
    ['the same content', {}, { etag: '"a"' }, PART],
    ['another content', {}, { etag: '"b"' }, refused('changed')],
    ['a hidden ETag', { etag: null }, { etag: '"b"' }, PART],
    ['the whole', WHOLE, {}, { kind: 'whole', statedBytes: 1_000 }],
    ['the whole, as asked', WHOLE, { range: null }, { kind: 'whole', statedBytes: 1_000 }],
    ['a whole of another size', { ...WHOLE, contentLength: 999 }, {}, refused('other-size')],
    [
      'a whole that may be compressed',
      { ...WHOLE, contentLength: 300, contentType: 'application/json' },
      { range: null },
      { kind: 'whole', statedBytes: null },
    ],
    [
      'a whole that may be compressed, and no hash',
      { ...WHOLE, contentLength: 300, contentType: 'application/json' },
      { range: null, proved: false },
      refused('other-size'),
    ],
    [
      'a compressed whole',
      { ...WHOLE, contentLength: 300, contentEncoding: 'br' },
      { range: null, proved: false },
      { kind: 'whole', statedBytes: null },
    ],
    ['a page', { ...WHOLE, contentType: 'Text/HTML; charset=utf-8' }, {}, refused('not-the-file')],
    ['416 of the same file', { status: 416, contentRange: 'bytes */1000' }, {}, refused('wrong-range', true)],
    ['416 of another file', { status: 416, contentRange: 'bytes */50' }, {}, refused('other-size')],
  ])('%s', (_, head, asked, expected) => {
    expect(judge({ ...HEAD, ...head }, { ...ASKED, ...asked })).toMatchObject(expected);
  });

  it.each([
    [404, true],
    [401, true],
    [410, true],
    [204, false],
    [304, false],
    [408, false],
    [425, false],
    [429, false],
    [500, false],
    [503, false],
  ])('status %i is a lasting refusal: %s', (status, lasting) => {
    expect(judge({ ...HEAD, status, retryAfter: '7' }, ASKED)).toEqual({
      kind: 'fault',
      fault: { reason: 'status', status, restMs: 7_000, lasting },
      noRanges: false,
    });
  });
});
