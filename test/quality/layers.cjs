// The import rules of the rooms (CONTRIBUTING, "Rooms") as data, for dependency-cruiser.
const BASE = ['kernel', 'contracts'];
const FEATURES = [
  'platform',
  'hardware',
  'capacity',
  'engines',
  'council',
  'telemetry',
  'optimizer',
  'resources',
  'storage',
  'bench',
  'ui',
];
// What each room of src may import besides itself. `app` is the composition root: it may import every room.
const SRC = {
  kernel: [],
  contracts: ['kernel'],
  ...Object.fromEntries(FEATURES.map((room) => [room, BASE])),
};
const WORKERS = {
  lib: BASE,
  // The engine for remote servers is the same code wherever it runs; only a worker's content policy lets it reach them.
  inference: [...BASE, 'engines'],
  telemetry: [...BASE, 'telemetry', 'storage'],
  storage: [...BASE, 'storage'],
  bench: [...BASE, 'bench', 'hardware'],
  evaluation: [...BASE, 'council'],
  service: BASE,
};

const onlyFrom = (name, from, self, allowed) => ({
  name,
  comment: `may import only ${[...self, ...allowed].join(', ') || 'nothing'} of src`,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/[^/]+/', pathNot: [...self, ...allowed].map((room) => `^src/${room}/`) },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Type-only cycles count too: two files that need each other are one file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that this program cannot follow is an import that it cannot judge.',
      severity: 'error',
      from: { path: '^(src|workers)/' },
      to: { couldNotResolve: true, pathNot: '^(virtual:|svelte|vite)|[?]' },
    },
    {
      name: 'known-rooms-only',
      comment: 'A new room of src or workers needs its line in this file.',
      severity: 'error',
      from: {},
      to: {
        path: '^(src|workers)/[^/]+/',
        pathNot: [
          `^src/(${[...Object.keys(SRC), 'app'].join('|')})/`,
          `^workers/(${Object.keys(WORKERS).join('|')})/`,
        ],
      },
    },
    {
      name: 'src-never-imports-workers',
      // The linter sees to it that the one exception imports nothing but URLs (`?worker&url`).
      comment: 'src names a worker file only in src/platform/worker-scripts.ts, as a URL.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/worker-scripts[.]ts$' },
      to: { path: '^workers/' },
    },
    {
      name: 'e2e-tests-see-only-the-built-app',
      comment: 'Specs drive the page; of src they may know the contracts.',
      severity: 'error',
      from: { path: '^test/e2e/' },
      to: { path: '^(src|workers)/', pathNot: '^src/(contracts|kernel)/' },
    },
    {
      name: 'a-worker-imports-only-workers-lib',
      severity: 'error',
      from: { path: '^workers/([^/]+)/' },
      to: { path: '^workers/', pathNot: ['^workers/$1/', '^workers/lib/'] },
    },
    {
      name: 'shipped-code-never-imports-tests-or-tools',
      severity: 'error',
      from: { path: '^(src|workers)/' },
      to: { path: '^(test|tools)/' },
    },
    {
      name: 'shipped-code-has-only-runtime-dependencies',
      comment: 'src and workers import packages from "dependencies" only; types may come from anywhere.',
      severity: 'error',
      from: { path: '^(src|workers)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(SRC).map(([room, allowed]) =>
      onlyFrom(`src-${room}`, `^src/${room}/`, [room], allowed),
    ),
    ...Object.entries(WORKERS).map(([room, allowed]) =>
      onlyFrom(`workers-${room}`, `^workers/${room}/`, [], allowed),
    ),
  ],
  options: {
    // Type-only imports count: they are dependencies of the reader.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'src/tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.svelte.ts', '.svelte', '.js', '.json'],
      // `#kernel/*` and `#contracts/*` are the "imports" of package.json; wllama and others need the browser condition.
      conditionNames: ['import', 'browser', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
