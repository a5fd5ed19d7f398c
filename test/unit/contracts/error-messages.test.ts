import { describe, expect, it } from 'vitest';
import { isErrorCode, whatHappened, whatNext } from '#contracts/error-messages';
import { failure, type ErrorCode, type WitanFailure } from '#contracts/errors';

/** Every code, with the details that its makers give at the least. A new code fails to compile until it is here. */
const EXAMPLES: Readonly<Record<ErrorCode, WitanFailure['details']>> = {
  'prompt-empty': {},
  'prompt-too-long': { characters: 500, limit: 140 },
  'queue-full': { limit: 8 },
  'council-unavailable': {},
  'member-unknown': { member: 'zebra' },
  'model-fetch-failed': { model: 'Alder' },
  'model-invalid': { model: 'Alder', reason: 'sha256' },
  'model-load-failed': { model: 'Alder' },
  'engine-unavailable': { model: 'Alder' },
  'engine-incompatible': { model: 'Alder' },
  'engine-failed': {},
  'feature-missing': { model: 'Alder', feature: 'shader-f16' },
  'out-of-memory': { model: 'Alder' },
  'device-lost': { model: 'Alder' },
  'request-unsupported': { model: 'Alder', reason: 'logprobs' },
  'consent-required': { model: 'Alder' },
  'model-downloading': { model: 'Alder' },
  'remote-unreachable': { model: 'Alder' },
  'remote-refused': { model: 'Alder', status: 401 },
  'remote-busy': { model: 'Alder' },
  'remote-failed': { model: 'Alder' },
  'remote-silent': { model: 'Alder' },
  'context-exceeded': { model: 'Alder' },
  'slots-exhausted': { slots: 1, model: 'Alder' },
  'worker-lost': { member: 'alder' },
  'worker-silent': { member: 'alder', silentMs: 15_000, phase: 'token-gap' },
  'deadline-exceeded': { limitMs: 5000, member: 'alder' },
  cancelled: {},
  'storage-unavailable': { reason: 'refused' },
  'storage-failed': { store: 'deliberations' },
  'storage-full': {},
  'record-invalid': { path: 'version', problem: 'Invalid type' },
  'archive-invalid': { reason: 'no-json' },
  'archive-too-large': { megabytes: 80, limit: 64 },
  'archive-version-unsupported': { version: 2 },
  'link-invalid': { reason: 'base64' },
  'link-too-long': { characters: 5000 },
  'link-version-unsupported': { version: 9 },
  'link-checksum-mismatch': {},
  'benchmark-void': { reason: 'the tab was hidden' },
  'question-set-invalid': { path: 'questions', problem: 'Invalid type' },
  'unsupported-browser': { missing: 'Web Workers' },
  usage: { problem: 'There is no verb "fly".' },
  internal: {},
};

const CODES = Object.keys(EXAMPLES).filter(isErrorCode);

it('the list of examples is complete', () => {
  expect(CODES).toHaveLength(Object.keys(EXAMPLES).length);
});

describe.each(CODES)('%s', (code) => {
  const problem = failure(code, EXAMPLES[code]);

  it('says what happened and what to do next, with every gap filled', () => {
    for (const text of [whatHappened(problem), whatNext(problem)]) {
      expect(text).toMatch(/^\S.*[.!?]$/s);
      expect(text).not.toMatch(/[{}]|undefined|null|NaN/);
    }
  });

  it('shows neither the code nor the text of the cause', () => {
    const caused = failure(code, EXAMPLES[code], new Error('0xDEADBEEF'));
    const words = `${whatHappened(caused)} ${whatNext(caused)}`;
    expect(words).not.toContain('0xDEADBEEF');
    if (code.includes('-')) expect(words).not.toContain(code);
  });
});

it('fills in the figures', () => {
  expect(whatHappened(failure('prompt-too-long', { characters: 500, limit: 140 }))).toBe(
    'The question has 500 characters; this council reads at most 140.',
  );
});

it('knows which texts are codes', () => {
  expect(isErrorCode('worker-lost')).toBe(true);
  for (const text of ['', 'toString', '__proto__', 'constructor', 'worker lost']) {
    expect(isErrorCode(text)).toBe(false);
  }
});
