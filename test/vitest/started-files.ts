import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** Names each file of tests as it begins: where a run hangs is the last file that was named. */
export default class StartedFiles implements Reporter {
  onTestModuleStart(file: TestModule): void {
    console.log(`… ${relative(process.cwd(), file.moduleId)}`);
  }
}
