import { err, ok } from '#kernel/result';
import type { CouncilMember } from '#contracts/council';
import type { GenerateRequest, TokenChunk } from '#contracts/engine';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { MemberAnswer, MemberAskOptions, MemberPort, RequestExtra } from '#contracts/ports';
import type { CouncilService } from './council-service.ts';

type MemberCouncil = Pick<CouncilService, 'exclusively' | 'about' | 'members' | 'roster'> & {
  readonly manager: Pick<CouncilService['manager'], 'setThinking'>;
};

/** The parts of a request that a member trained on bare questions is not given: its chat template drops them unsaid. */
function extrasOf({ system, history = [] }: GenerateRequest): readonly RequestExtra[] {
  return [
    ...(system === undefined ? [] : ['system' as const]),
    ...(history.length === 0 ? [] : ['history' as const]),
  ];
}

/** Asks one member past the council, between two rounds. */
export class MemberService implements MemberPort {
  readonly #council: MemberCouncil;

  constructor(council: MemberCouncil) {
    this.#council = council;
  }

  generate(
    signal: AbortSignal,
    memberId: string,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
    options: MemberAskOptions = {},
  ): Promise<Outcome<MemberAnswer>> {
    return this.#council.exclusively(signal, async () => {
      const found = await this.#find(signal, memberId, options);
      return found.ok ? this.#ask(signal, found.value, request, onChunk, options) : found;
    });
  }

  async #find(
    signal: AbortSignal,
    memberId: string,
    { allowRemote = false }: MemberAskOptions,
  ): Promise<Outcome<CouncilMember>> {
    const about = await this.#council.about(signal);
    if (!about.ok) return about;
    const view = this.#council.members().find(({ id }) => id === memberId);
    if (view === undefined) return err(failure('member-unknown', { member: memberId }));
    // To load a member on a server is to call on it already.
    if (view.backend === 'remote' && !allowRemote)
      return err(failure('consent-required', { model: view.name }));
    const roster = await this.#council.roster(signal, { isWanted: ({ id }) => id === memberId });
    if (!roster.ok) return roster;
    if (signal.aborted) return err(failure('cancelled'));
    const ready = roster.value.ready.find(({ id }) => id === memberId);
    if (ready !== undefined) return ok(ready);
    const absent = roster.value.absent.find(({ id }) => id === memberId);
    return err(failure('council-unavailable', { cause: absent?.error ?? 'none' }));
  }

  async #ask(
    signal: AbortSignal,
    { id, name, engine, manner }: CouncilMember,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
    { leaveOut = [] }: MemberAskOptions,
  ): Promise<Outcome<MemberAnswer>> {
    const leftOut = manner?.system === null ? extrasOf(request) : [];
    const refused = leftOut.find((extra) => !leaveOut.includes(extra));
    if (refused !== undefined) {
      const reason = refused === 'system' ? 'it takes no instruction' : 'it takes no earlier turns';
      return err(failure('request-unsupported', { model: name, reason, extra: refused }));
    }
    const { system, history, ...bare } = request;
    const given: GenerateRequest = {
      ...bare,
      ...(system === undefined || leftOut.includes('system') ? {} : { system }),
      ...(history === undefined || leftOut.includes('history') ? {} : { history }),
    };
    this.#council.manager.setThinking(id, true);
    try {
      const answered = await engine.generate(signal, given, onChunk);
      return answered.ok ? ok({ generation: answered.value, leftOut }) : answered;
    } catch (thrown) {
      return err(failureOf(thrown));
    } finally {
      this.#council.manager.setThinking(id, false);
    }
  }
}
