import * as v from 'valibot';
import { expect, test } from 'vitest';
import type { Deliberation, MemberOutcome } from '../../../../src/contracts/deliberation.ts';
import { failure } from '../../../../src/contracts/errors.ts';
import type { MeasuredAgreement } from '../../../../src/contracts/evidence.ts';
import {
  AskDocumentSchema,
  ErrorDocumentSchema,
  PlanDocumentSchema,
} from '../../../../src/contracts/headless.ts';
import { evidenceOfRecord } from '../../../../src/council/evidence/record-evidence.ts';
import { planCapacity } from '../../../../src/capacity/plan/plan-capacity.ts';
import { appFailure, driverFailureOf, errorDocument } from '../../../../tools/witan/failures.ts';
import { render, renderError } from '../../../../tools/witan/render.ts';
import { askDocument } from '../../../../tools/witan/verbs/ask.ts';
import { planInput } from '../../../fakes/plan-inputs.ts';

const frames = { count: 30, p50: 16.7, p95: 17, p99: 20, longest: 33 };

function outcome(id: string, over: Partial<MemberOutcome> = {}): MemberOutcome {
  return {
    id,
    name: id,
    engine: 'wllama',
    backend: 'cpu',
    status: 'answered',
    answer: '85',
    key: '85',
    tokens: 2,
    ttftMs: 120,
    tokensPerSecond: 40,
    durationMs: 170,
    ...over,
  };
}

const record: Deliberation = {
  schema: 'witan.deliberation',
  version: 1,
  id: 'r1',
  askedAt: 0,
  prompt: 'What is 38 + 47?',
  answerKind: 'number',
  rule: 'plurality',
  outcome: 'decided',
  answer: '85',
  key: '85',
  agreement: 1,
  decidedEarly: true,
  decidedMs: 150,
  callsSaved: 1,
  members: [
    outcome('a'),
    outcome('b', { ttftMs: null, tokensPerSecond: null }),
    outcome('c', { status: 'lost', error: 'worker-lost' }),
  ],
  dissent: [],
  missing: ['c'],
  lateWouldFlip: false,
  wallMs: 180,
  frames: null,
  seed: 1,
};

test('a round becomes a document of the contract', () => {
  const document = askDocument({ record, loadMs: 0, frames, recorded: true });
  expect(v.parse(AskDocumentSchema, document)).toEqual(document);
  expect(document).toMatchObject({
    answer: '85',
    wall: 180,
    decided: 150,
    recordId: 'r1',
    missing: ['c'],
    frames,
  });
  expect(document.members.map(({ ttft, status, error }) => [ttft, status, error])).toEqual([
    [120, 'answered', undefined],
    [null, 'answered', undefined],
    [120, 'lost', 'worker-lost'],
  ]);
});

test('a document survives its own JSON', () => {
  const document = askDocument({ record, loadMs: 0, frames, recorded: true });
  expect(v.parse(AskDocumentSchema, JSON.parse(JSON.stringify(document)))).toEqual(document);
});

test('people read the answer first, and a missing answer is not passed over', () => {
  const document = askDocument({ record, loadMs: 0, frames, recorded: true });
  expect(render('ask', document).split('\n')[0]).toBe('85');
  expect(render('ask', { ...document, answer: null, outcome: 'abstained' }).split('\n')[0]).toBe(
    'No answer (abstained)',
  );
});

test("a failure of the app keeps its code and figures and carries the page's words", () => {
  const document = errorDocument(appFailure(failure('prompt-too-long', { characters: 900, limit: 200 })));
  expect(v.parse(ErrorDocumentSchema, document)).toEqual(document);
  expect(document.error).toMatchObject({ code: 'prompt-too-long', details: { characters: 900, limit: 200 } });
  expect(document.error.message).toContain('900 characters');
  expect(renderError(document)).toContain('limit: 200');
});

test('anything thrown becomes one line', () => {
  expect(driverFailureOf(new Error('first\nsecond'))).toMatchObject({ code: 'internal', message: 'first' });
  expect(driverFailureOf('text').message).toBe('text');
});

test('a document of ask tells what the answer rests on', () => {
  const evidence = { ...evidenceOfRecord(record), measured: 'none' as const };
  const weighed = { ...record, weights: { a: 2 }, tieBreaker: 'a' };
  const document = askDocument({ record: weighed, loadMs: 0, frames, recorded: true, evidence });
  expect(v.parse(AskDocumentSchema, document)).toEqual(document);
  expect(document).toMatchObject({ evidence: { votes: 3 }, weights: { a: 2 }, tieBreaker: 'a' });
  expect(render('ask', document)).not.toContain('Measured here');
  const measured: MeasuredAgreement = {
    recordId: 'r',
    split: 'test',
    at: 0,
    members: ['a', 'b', 'c'],
    rule: 'plurality',
    unanimous: { total: 10, correct: 9, ci95: [0.6, 0.98] },
    divided: { total: 4, correct: 2, ci95: [0.15, 0.85] },
    round: 'unanimous',
  };
  expect(render('ask', { ...document, evidence: { ...evidence, measured } })).toContain(
    'Measured here: right in 9 of 10 when these agree, in 2 of 4 when not (this one: unanimous)',
  );
});

test('a plan is told in the order in which people ask: who, how fast, what memory, why not others', () => {
  const plan = planCapacity(planInput({ goal: 'quality' }));
  expect(v.parse(PlanDocumentSchema, JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  const text = render('plan', plan);
  const places = ['Plan for quality', 'Members', 'all have answered', 'Memory (hint)', 'Checks', 'Left out'];
  expect(places.map((words) => text.indexOf(words))).toEqual(
    places.map((words) => text.indexOf(words)).sort((a, b) => a - b),
  );
  expect(text).toContain('fetch 1221 MiB');
  expect(text).not.toMatch(/NaN|undefined|null/);
});

test('a plan that cannot be made says why in its first line', () => {
  const memory = { bytes: 2 ** 29, floor: false, typed: false };
  const [first = ''] = render('plan', planCapacity(planInput({ memory }))).split('\n');
  expect(first).toMatch(/^Plan for balanced, tier mid, reckoned by cpu: none\. The members take up to/);
});
