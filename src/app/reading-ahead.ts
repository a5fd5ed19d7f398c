import type { Clock } from '#kernel/clock';
import type { HistoryView, Turn } from '#contracts/conversation';
import type { CouncilEvent, MemberView } from '#contracts/council';
import type { Engine } from '#contracts/engine';
import type { IdlePort } from '#contracts/idle';
import type { MetricWriter } from '#contracts/metrics';
import { likelyPrefixes } from '../council/prefix/likely-prefixes.ts';
import { PrefixWarmer, type PrefixCounts } from '../council/prefix/prefix-warmer.ts';
import type { CouncilService } from './council-service.ts';

export interface ReadingAheadPorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly idle: IdlePort;
  readonly council: Pick<CouncilService, 'about' | 'members' | 'spare' | 'subscribe'> & {
    readonly manager: Pick<CouncilService['manager'], 'seated'>;
  };
  /** The conversation that the next question goes on with; absent and null: it stands alone. */
  readonly conversation?: () => Promise<{
    readonly path: readonly Turn[];
    readonly view: HistoryView;
  } | null>;
}

const NEVER = new AbortController().signal;

/** In memory, and with time to spare once the others have it too. */
const isThere = ({ state }: MemberView): boolean => state === 'ready' || state === 'thinking';

/**
 * Has members read what will stand before the next question: their instruction as soon as they are loaded, which is while
 * the user still types, and after a round what the next one will begin with. Bundled members have nothing to read ahead.
 */
export class ReadingAhead {
  readonly #ports: ReadingAheadPorts;
  readonly #warmer: PrefixWarmer;
  /** Whether the next question asks for a number, a word or the like: as the last one did. */
  #shortAnswer = false;
  #there = '';

  constructor(ports: ReadingAheadPorts) {
    this.#ports = ports;
    const { clock, metrics, idle, council } = ports;
    this.#warmer = new PrefixWarmer({ clock, metrics, idle, spare: (task) => council.spare(task) });
    council.subscribe((event) => {
      this.#hear(event);
    });
  }

  get counts(): PrefixCounts {
    return this.#warmer.counts;
  }

  /** The engine of a member, from its launch to its end. */
  watch(memberId: string, engine: Engine): Engine {
    return this.#warmer.watch(memberId, engine);
  }

  /** An engine that was watched is gone. */
  forget(memberId: string, engine: Engine): void {
    this.#warmer.forget(memberId, engine);
  }

  /** Thinks anew of what comes next. Never rejects. */
  async expect(): Promise<void> {
    const { council, conversation } = this.#ports;
    const about = await council.about(NEVER);
    if (!about.ok) return;
    const there = new Set(council.members().flatMap((member) => (isThere(member) ? [member.id] : [])));
    const members = council.manager
      .seated()
      .flatMap(({ spec: { id, manner } }) => (there.has(id) && manner !== undefined ? [{ id, manner }] : []));
    const under = (await conversation?.().catch(() => null)) ?? { path: [], view: 'own' };
    this.#warmer.expect(
      likelyPrefixes(members, { ...under, shortAnswer: this.#shortAnswer, abstain: about.value.abstain }),
    );
  }

  #hear(event: CouncilEvent): void {
    if (event.type === 'members-changed') {
      const there = event.members.flatMap((member) => (isThere(member) ? [member.id] : [])).join(' ');
      if (there === this.#there) return;
      this.#there = there;
    } else if (event.type === 'round-ended') {
      this.#shortAnswer = event.deliberation.answerKind !== 'free';
    } else return;
    void this.expect();
  }
}
