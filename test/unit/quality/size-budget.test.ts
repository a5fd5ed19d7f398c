import { expect, test } from 'vitest';
import { firstVisit, namedByPage, staticImports } from '../../quality/size-budget.ts';

const PAGE = `<script src="./old.js"></script>
<script type="module" crossorigin src="./assets/entry.js"></script>
<link rel="modulepreload" crossorigin href="./assets/vendor.js">
<link rel="stylesheet" href="./assets/index.css">`;

test('the page names its scripts and preloads', () => {
  expect(namedByPage(PAGE)).toEqual(['old.js', 'assets/entry.js', 'assets/vendor.js']);
});

test('static imports and re-exports count, import() does not', () => {
  const code = `import{a}from"./a.js";import"./b.js";export{c}from"./c.js";const d=()=>import("./d.js");a;d;`;
  expect(staticImports(code)).toEqual(['./a.js', './b.js', './c.js']);
});

test('a first visit follows imports to their end, each once, round trips included', () => {
  const files: Record<string, string> = {
    'old.js': 'var a;',
    'assets/entry.js': 'import"./shared.js";import("./page.js")',
    'assets/vendor.js': 'import"./shared.js"',
    'assets/shared.js': 'import"./deep.js"',
    'assets/deep.js': 'import"./shared.js"',
  };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`${path} is no part of a first visit`);
    return text;
  };
  expect(firstVisit(PAGE, read)).toEqual(Object.keys(files).sort());
});
