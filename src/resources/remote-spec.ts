import { remoteSeatId, type RemoteMember } from '#contracts/remote';
import type { MemberRung, MemberSpec } from './member-spec.ts';

/** For servers that do not tell: what Ollama gives a model unless told otherwise (its FAQ, "context window size"). */
const UNTOLD_CONTEXT_TOKENS = 4_096;

/** A member on servers of the user's: one rung, because the engine itself goes from server to server. */
export function remoteSpec(member: RemoteMember): MemberSpec {
  const id = remoteSeatId(member);
  const { name, model } = member;
  const rung: MemberRung = {
    id: 'remote',
    engine: 'remote',
    load: {
      model: { format: 'remote', id, name, model },
      backend: 'remote',
      threads: 1,
      contextTokens: UNTOLD_CONTEXT_TOKENS,
      slots: 1,
    },
    model,
    parameters: 0,
    sizeBytes: 0,
    features: [],
    accuracy: null,
  };
  return { id, name, rungs: [rung], bundled: false };
}
