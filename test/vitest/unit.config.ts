import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: '.',
  plugins: [svelte({ configFile: false })],
  // Svelte's browser build, as the page has it: its server build has no effects.
  resolve: { conditions: ['browser'] },
  define: { __WITAN_VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    name: 'unit',
    include: ['test/unit/**/*.test.ts'],
    environment: 'node',
    // Two are what the smallest supported machine has; more only fight over the cores.
    maxWorkers: 2,
    // Only there to end a test that hangs; a busy machine must not fail one.
    testTimeout: 60_000,
    passWithNoTests: true,
  },
});
