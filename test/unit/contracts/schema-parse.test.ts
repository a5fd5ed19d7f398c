import * as v from 'valibot';
import { expect, it } from 'vitest';
import { parseWith } from '#contracts/schema-parse';

const Schema = v.object({ version: v.literal(1), members: v.array(v.object({ id: v.string() })) });

it('passes on what fits, without what it does not know', () => {
  const parsed = parseWith(Schema, { version: 1, members: [{ id: 'a', x: 1 }], y: 2 }, 'record-invalid');
  expect(parsed).toEqual({ ok: true, value: { version: 1, members: [{ id: 'a' }] } });
});

it.each([
  ['version', { version: 2, members: [] }],
  ['members.1.id', { version: 1, members: [{ id: 'a' }, { id: 5 }] }],
  ['(root)', null],
  ['(root)', 'text'],
])('names the first place that does not: %s', (path, data) => {
  expect(parseWith(Schema, data, 'record-invalid')).toMatchObject({
    ok: false,
    error: { code: 'record-invalid', details: { path } },
  });
});

it('adds what the text of the error needs', () => {
  expect(parseWith(Schema, null, 'model-invalid', { model: 'Alder' })).toMatchObject({
    error: { code: 'model-invalid', details: { model: 'Alder', path: '(root)' } },
  });
});
