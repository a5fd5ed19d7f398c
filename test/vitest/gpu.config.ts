import { launchFlags } from '../../tools/browser/launch-flags.ts';
import { browserProject } from './browser-project.ts';

// A Chromium whose WebGPU adapter has shader-f16 is named by the caller, with the flags that it needs.
const flags = process.env['CHROME_F16_FLAGS'];

export default browserProject({
  name: 'gpu',
  include: ['test/**/*.gpu.test.ts'],
  exclude: [],
  chromium: process.env['CHROME_F16_PATH'],
  flags: flags === undefined ? launchFlags('native') : flags.split(/\s+/).filter((flag) => flag !== ''),
});
