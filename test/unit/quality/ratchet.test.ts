import { expect, test } from 'vitest';
import { debtOf, differences } from '../../quality/ratchet.ts';

const AN = 'an' + 'y';

test.each([
  [`let x: ${AN};`, 1],
  [`const f = (x: ${AN}, y: Map<string, ${AN}>) => x as ${AN};`, 3],
  [`type T = ${AN}[] | ${AN};`, 1],
  [`// ${AN} text may say ${AN}thing: as ${AN} person can see`, 0],
  ['const many = company.any(x);', 0],
])('counts the escape hatch in %s', (code, expected) => {
  expect(debtOf(code)['any']).toBe(expected);
});

test('counts the other debts', () => {
  const counts = debtOf(
    `// ${'TO' + 'DO'}: later\n// ${'eslint-dis' + 'able'}-next-line\n/* ${'@ts-' + 'ignore'} */\n`,
  );
  expect(counts).toMatchObject({
    'todo-or-fixme': 1,
    'eslint-suppressions': 1,
    'ts-ignore-or-expect-error': 1,
  });
});

test('a file may have 400 lines and no more', () => {
  expect(debtOf('x\n'.repeat(400))['files-over-400-lines']).toBe(0);
  expect(debtOf('x\n'.repeat(401))['files-over-400-lines']).toBe(1);
});

test('fails on a rise and on a fall that nobody recorded', () => {
  expect(differences({ any: 1 }, { any: 1 })).toEqual([]);
  expect(differences({ any: 1 }, { any: 2 })[0]).toMatch(/rose from 1 to 2/);
  expect(differences({ any: 1 }, { any: 0 })[0]).toMatch(/fell from 1 to 0/);
});
