import type { WitanFailure } from '#contracts/errors';
import type { MemberChoice } from '#contracts/settings';
import { displayNameOf } from '../capacity/mlc-source.ts';
import type { MemberSpec } from '../resources/member-spec.ts';

/**
 * The seat of somebody of whom nothing can be learnt now: shown with its reason, so that neither the seat nor those who
 * sit beside it are lost.
 */
export function unavailableMember(
  { engine, id }: MemberChoice & { readonly engine: 'web-llm' | 'wllama' | 'remote' },
  unavailable: WitanFailure,
): MemberSpec {
  const name = engine === 'web-llm' ? displayNameOf(id) : id.replace(/^remote-/, '');
  return {
    id,
    name,
    rungs: [
      {
        id: 'unavailable',
        engine,
        load: {
          model: { format: 'remote', id, name, model: id },
          threads: 1,
          contextTokens: 0,
          slots: 1,
        },
        model: id,
        parameters: 0,
        sizeBytes: 0,
        features: [],
        accuracy: null,
      },
    ],
    bundled: false,
    unavailable,
  };
}
