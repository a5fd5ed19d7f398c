import type { TestProject } from 'vitest/node';
import { ScriptedServerControl } from '../fakes/scripted-server-control.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a page orders servers: see `ScriptedServerControl`. */
    serverControl: string;
    /** `WITAN_TEST_ENDPOINT`, `WITAN_TEST_MODEL`, `WITAN_TEST_KEY`; null without the first. */
    liveServer: {
      readonly address: string;
      readonly model: string | null;
      readonly key: string | null;
    } | null;
  }
}

/** Vitest's global set-up: real HTTP servers for tests that run in a browser, and where a server runs that is none of ours. */
export default async function scriptedServers(project: TestProject): Promise<() => Promise<void>> {
  const control = await ScriptedServerControl.start();
  project.provide('serverControl', control.origin);
  const { WITAN_TEST_ENDPOINT: address, WITAN_TEST_MODEL: model, WITAN_TEST_KEY: key } = process.env;
  project.provide(
    'liveServer',
    address === undefined ? null : { address, model: model ?? null, key: key ?? null },
  );
  return () => control.stop();
}
