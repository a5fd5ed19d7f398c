import type { RoundEvent } from '#contracts/council';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { WaitsFor } from '#contracts/engine';

/** One member's part in the round on screen. Fields are separate so that a token repaints one text, not a card. */
export class PartView {
  readonly memberId: string;
  started = $state(false);
  /** What others have that it needs; null: it is at work, or has ended. */
  waitsFor = $state<WaitsFor | null>(null);
  text = $state('');
  tokens = $state(0);
  tokensPerSecond = $state<number | null>(null);
  outcome = $state.raw<MemberOutcome | null>(null);

  constructor(memberId: string) {
    this.memberId = memberId;
  }
}

/** The answer once no outstanding vote can change it, before the round has ended. */
export type EarlyAnswer = Extract<RoundEvent, { type: 'round-decided' }>;

/** A round as it runs, built from its events alone: rounds that another caller started look the same. */
export class RoundView {
  readonly id: string;
  readonly prompt: string;
  readonly parts: readonly PartView[];
  early = $state.raw<EarlyAnswer | null>(null);
  /** Who compares the answers, while that goes on. */
  comparing = $state<'members' | 'chairman' | null>(null);
  deliberation = $state.raw<Deliberation | null>(null);

  constructor(start: Extract<RoundEvent, { type: 'round-started' }>) {
    this.id = start.roundId;
    this.prompt = start.prompt;
    this.parts = start.members.map((id) => new PartView(id));
  }

  get running(): boolean {
    return this.deliberation === null;
  }

  part(memberId: string): PartView | null {
    return this.parts.find((part) => part.memberId === memberId) ?? null;
  }

  take(event: RoundEvent): void {
    if (event.roundId !== this.id) return;
    switch (event.type) {
      case 'round-started':
        return;
      case 'round-decided':
        this.early = event;
        return;
      case 'round-comparing':
        this.comparing = event.by;
        return;
      case 'round-ended':
        this.comparing = null;
        this.deliberation = event.deliberation;
        return;
      case 'member-ended': {
        const part = this.part(event.member.id);
        if (part === null) return;
        part.waitsFor = null;
        part.outcome = event.member;
        part.text = event.member.answer;
        part.tokens = event.member.tokens;
        part.tokensPerSecond = event.member.tokensPerSecond;
        return;
      }
      case 'member-waiting': {
        const part = this.part(event.memberId);
        if (part !== null) part.waitsFor = event.waitsFor;
        return;
      }
      case 'member-started':
      case 'member-chunk': {
        const part = this.part(event.memberId);
        if (part === null) return;
        part.started = true;
        if (event.type === 'member-started') return;
        part.text = event.text;
        part.tokens = event.tokens;
        part.tokensPerSecond = event.tokensPerSecond;
        return;
      }
    }
  }
}
