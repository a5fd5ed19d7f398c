import { dirname, relative, resolve } from 'node:path';
import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

/**
 * The compiler of Svelte drops `import type`, so the layer program never sees it in a component. This rule does:
 * a component imports relatively only inside src/ui.
 */
const stayInRoom = {
  meta: { type: 'problem', schema: [], messages: { left: 'A component of src/ui imports {{ target }}.' } },
  create: (context) => ({
    ImportDeclaration(node) {
      if (!node.source.value.startsWith('.')) return;
      const target = relative(process.cwd(), resolve(dirname(context.filename), node.source.value));
      const inside = target.replaceAll('\\', '/').startsWith('src/ui/');
      if (!inside) context.report({ node, messageId: 'left', data: { target } });
    },
  }),
};

const restrict = (selector, message) => ({ selector, message });

const EXPORT_ALL = restrict(
  'ExportAllDeclaration',
  'Name what you export: `export *` hides where a thing comes from.',
);
const WORKER = restrict(
  'NewExpression[callee.name=/^(Shared)?Worker$/]',
  'Only the supervisor in src/platform starts workers, so that every worker has a heartbeat and a deadline.',
);
const WORKER_CODE = restrict(
  'ImportDeclaration[source.value=/workers\\u002F/]:not([source.value=/[?]worker&url$/])',
  'src knows a worker by its URL (`?worker&url`) only; its code belongs to the other thread.',
);
const FRAME = restrict(
  'CallExpression:matches([callee.name="requestAnimationFrame"], [callee.property.name="requestAnimationFrame"])',
  'There is one owner of requestAnimationFrame, in src/platform: subscribe to it.',
);
const CLOCK = restrict(
  ':matches(MemberExpression[object.name="Date"][property.name="now"], MemberExpression[object.name="performance"][property.name="now"], NewExpression[callee.name="Date"][arguments.length=0])',
  'Take the time from the injected Clock, so that the controller can be replayed from a trace.',
);
const RANDOM = restrict(
  'MemberExpression[object.name="Math"][property.name="random"]',
  'Take random numbers from an injected seed (#kernel/random).',
);
const MODULE_MOCK = restrict(
  'CallExpression[callee.object.name="vi"][callee.property.name=/^(mock|doMock)$/]',
  'Hand the thing in. A mocked module makes the runner intercept the requests of every worker, and it waits for ever for a worker that Chromium failed to end.',
);

// Each runtime is linted with the types of its own tsconfig, as it is type-checked.
const typed = (files, project) => ({
  files,
  languageOptions: { parserOptions: { project, tsconfigRootDir: process.cwd() } },
});

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'public/', '**/*.d.ts', 'test-results/', 'tools/starter/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  typed(['src/**/*.ts'], 'src/tsconfig.json'),
  typed(['workers/**/*.ts'], 'workers/tsconfig.json'),
  typed(['test/**/*.ts', 'tools/**/*.ts', '*.ts'], 'test/tsconfig.json'),
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: {
        parser: tseslint.parser,
        project: 'src/tsconfig.json',
        tsconfigRootDir: process.cwd(),
        extraFileExtensions: ['.svelte'],
      },
    },
  },
  {
    files: ['**/*.ts', '**/*.svelte'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // An async method may satisfy a promise-returning interface without awaiting anything itself.
      '@typescript-eslint/require-await': 'off',
      // `number` and `boolean` in a template are plain; objects are not.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'off', // TypeScript does this, per runtime.
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    languageOptions: { globals: globals.browser },
    rules: {
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'no-restricted-syntax': ['error', EXPORT_ALL, WORKER_CODE, WORKER, FRAME, CLOCK, RANDOM],
    },
  },
  {
    files: ['src/ui/**/*.svelte'],
    plugins: { house: { rules: { 'stay-in-room': stayInRoom } } },
    rules: { 'house/stay-in-room': 'error' },
  },
  { files: ['src/kernel/clock.ts'], rules: { 'no-restricted-syntax': ['error', EXPORT_ALL, WORKER, FRAME] } },
  { files: ['src/platform/**'], rules: { 'no-restricted-syntax': ['error', EXPORT_ALL, WORKER_CODE] } },
  {
    files: ['workers/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', EXPORT_ALL, WORKER] },
  },
  {
    // page.evaluate and test runners take functions that look unbound; their promises are still checked.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
      // Playwright reads the names of a fixture's needs from its pattern, and `{}` is "none".
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
    },
  },
  { files: ['test/browser/**/*.ts'], rules: { 'no-restricted-syntax': ['error', MODULE_MOCK] } },
  {
    files: ['**/*.js', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: globals.node },
  },
);
