import { mergeConfig } from 'vitest/config';
import { launchFlags } from '../../tools/browser/launch-flags.ts';
import { browserProject } from './browser-project.ts';

const project = browserProject({
  name: 'browser',
  include: ['test/browser/**/*.test.ts'],
  exclude: ['test/browser/**/*.gpu.test.ts'],
  chromium: undefined,
  flags: launchFlags('none'),
});

export default mergeConfig(project, { test: { globalSetup: 'test/vitest/scripted-servers.ts' } });
