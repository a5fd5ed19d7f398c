import { launchFlags } from '../../tools/browser/launch-flags.ts';
import { browserProject } from './browser-project.ts';

export default browserProject({
  name: 'browser',
  include: ['test/browser/**/*.test.ts'],
  exclude: ['test/browser/**/*.gpu.test.ts'],
  chromium: undefined,
  flags: launchFlags('none'),
});
