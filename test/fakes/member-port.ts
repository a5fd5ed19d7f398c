import { err } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MemberAnswer, MemberPort } from '#contracts/ports';

/** Pages ask no member by itself: whoever does hears that there is none. */
export class FakeMemberPort implements MemberPort {
  generate(_signal: AbortSignal, member: string): Promise<Outcome<MemberAnswer>> {
    return Promise.resolve(err(failure('member-unknown', { member })));
  }
}
