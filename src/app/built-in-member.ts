import type { MemberRung, MemberSpec } from '../resources/member-spec.ts';
import { instructManner } from './instruct-manner.ts';

/** The only seat of the browser's own model. */
const BUILT_IN_ID = 'browser';
/** Chrome's is 9,216 (research/engines.md §3.3); after loading the browser tells its own. */
const BUILT_IN_CONTEXT_TOKENS = 4096;
/** The languages of this page. */
export const BUILT_IN_LANGUAGES: readonly string[] = ['en'];
export const BUILT_IN_NAME = 'Browser’s own model';

/** The browser's own model as a member: one rung, and nothing known of its size. */
export function builtInMember(): MemberSpec {
  const name = BUILT_IN_NAME;
  const rung: MemberRung = {
    id: 'browser',
    engine: 'prompt-api',
    load: {
      model: { format: 'built-in', id: BUILT_IN_ID, name },
      backend: 'browser',
      threads: 1,
      contextTokens: BUILT_IN_CONTEXT_TOKENS,
      slots: 1,
    },
    model: BUILT_IN_ID,
    parameters: 0,
    sizeBytes: 0,
    features: [],
    accuracy: null,
  };
  return {
    id: BUILT_IN_ID,
    name,
    rungs: [rung],
    bundled: false,
    manner: instructManner(BUILT_IN_CONTEXT_TOKENS),
  };
}
