import type { BenchResult } from '#contracts/bench';
import type { MemberView } from '#contracts/council';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { MetricSample } from '#contracts/metrics';
import type { StarterCouncil } from '#contracts/starter';
import type { HistoryReader } from '../../src/app/conversation-service.ts';

/** How one member behaves in a scripted round. */
export interface ScriptedMember {
  readonly id: string;
  /** Pieces of its answer, one a step. */
  readonly pieces: readonly string[];
  readonly stepMs: number;
  readonly outcome: MemberOutcome;
}

export interface PortScript {
  readonly members: readonly MemberView[];
  readonly about: Outcome<StarterCouncil>;
  /** What a round does and says in the end. */
  readonly round: { readonly members: readonly ScriptedMember[]; readonly result: Deliberation };
  readonly loadMs: number;
  readonly persistent: boolean;
  readonly records: readonly Deliberation[];
  readonly probe: Outcome<ProbeReport>;
  readonly bench: Outcome<BenchResult>;
  readonly latest: BenchResult | null;
  readonly shared: Outcome<BenchResult>;
  readonly promptLimit: number;
  /** Who is shown earlier turns; absent: nobody. */
  readonly readers?: readonly HistoryReader[];
  /** Samples of the monitor up to a moment. */
  readonly samples: (sinceMs: number, nowMs: number) => readonly MetricSample[];
}
