import type { TestProject } from 'vitest/node';
import { ScriptedServerControl } from '../fakes/scripted-server-control.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a page orders servers: see `ScriptedServerControl`. */
    serverControl: string;
  }
}

/** Vitest's global set-up: real HTTP servers for tests that run in a browser. */
export default async function scriptedServers(project: TestProject): Promise<() => Promise<void>> {
  const control = await ScriptedServerControl.start();
  project.provide('serverControl', control.origin);
  return () => control.stop();
}
