import { dirname, resolve } from 'node:path';
import { mergeConfig } from 'vitest/config';
import { launchFlags } from '../../tools/browser/launch-flags.ts';
import { browserProject } from './browser-project.ts';

/*
 * web-llm with a real model library: test/browser/web-llm-library*.test.ts, which say what they need. Named by the caller:
 *   WITAN_WEBLLM_LIBRARY   path of the library (*.wasm)
 *   WITAN_WEBLLM_PACKAGE   folder of the web-llm release that the library belongs to; the installed one when absent
 *   CHROME_F16_PATH, CHROME_F16_FLAGS   a Chromium with shader-f16, for libraries that need it
 */
const library = process.env['WITAN_WEBLLM_LIBRARY'];
const otherPackage = process.env['WITAN_WEBLLM_PACKAGE'];
const flags = process.env['CHROME_F16_FLAGS'];

const project = browserProject({
  name: 'web-llm',
  include: ['test/browser/web-llm-library*.test.ts'],
  exclude: [],
  chromium: process.env['CHROME_F16_PATH'],
  flags: flags === undefined ? launchFlags('native') : flags.split(/\s+/).filter((flag) => flag !== ''),
});

export default mergeConfig(project, {
  resolve: {
    alias: otherPackage === undefined ? {} : { '@mlc-ai/web-llm': resolve(otherPackage, 'lib/index.js') },
  },
  server: {
    fs: {
      allow: [
        '.',
        ...(library === undefined ? [] : [dirname(resolve(library))]),
        ...(otherPackage === undefined ? [] : [resolve(otherPackage)]),
      ],
    },
  },
  test: {
    env: library === undefined ? {} : { WITAN_WEBLLM_LIBRARY: resolve(library) },
    // A software GPU takes seconds for a token.
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
