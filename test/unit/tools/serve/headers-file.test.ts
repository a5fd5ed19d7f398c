import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { headersFile } from '../../../../tools/serve/headers-file.ts';

test('public/_headers says what our server says (npm run headers)', () => {
  expect(readFileSync('public/_headers', 'utf8')).toBe(headersFile());
});
