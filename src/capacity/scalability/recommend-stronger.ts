import type { Recommendation, ScalabilityInput } from '#contracts/scalability';
import { figure, gibibytes, percent, seconds } from './figure-text.ts';
import type { Projected } from './projection.ts';

/** Below a gain of a quarter nobody feels that anything changed, and the interval may well hold none. */
const WORTH_WHILE = 1.25;

const TITLES = {
  graphics: 'A graphics card that reads faster',
  cores: 'More processor cores',
  'second-card': 'One more graphics card',
} as const;

const speedOf = ({ projection }: Projected): string => {
  const { tokensPerSecond: speed } = projection;
  return speed === null
    ? 'unknown'
    : `${figure(speed.median)} (${figure(speed.low)} to ${figure(speed.high)}) tokens per second`;
};

/** Parts of this device that would make today's council faster, most first. */
function faster(projected: readonly Projected[], today: Projected): readonly Recommendation[] {
  const gain = ({ projection: { speedup } }: Projected): number => speedup ?? 0;
  const worth = projected.filter((one) => one.projection.kind in TITLES && gain(one) >= WORTH_WHILE);
  return worth
    .sort((a, b) => gain(b) - gain(a))
    .map((one): Recommendation => {
      const { kind, title } = one.projection;
      return {
        horizon: 'medium',
        title: TITLES[kind as keyof typeof TITLES],
        detail: `${title}: ${figure(gain(one))} times as fast, by the projection.`,
        because: `From ${speedOf(today)} to ${speedOf(one)}; today ${today.projection.bound} binds.`,
      };
    });
}

/** The least memory that lets in a larger model or more seats. */
function moreMemory(projected: readonly Projected[], today: Projected): readonly Recommendation[] {
  const before = today.projection;
  const found = projected.find(
    ({ projection: { kind, largestModel, members } }) =>
      kind === 'memory' && (largestModel !== before.largestModel || members > before.members),
  );
  if (found === undefined) return [];
  const { title, largestModel, members } = found.projection;
  const needs = today.seats.tooLarge;
  const model =
    largestModel === before.largestModel || largestModel === null
      ? []
      : [
          `${largestModel} would fit, where ${before.largestModel ?? 'no model'} is the largest today`,
          ...(needs === null
            ? []
            : [
                `the next larger one needs ${gibibytes(needs.memoryBytes)} and ${gibibytes(today.seats.usableBytes)} are usable`,
              ]),
        ];
  const places =
    members > before.members ? [`${figure(members)} seats instead of ${figure(before.members)}`] : [];
  return [
    {
      horizon: 'medium',
      title: 'More memory',
      detail: `${title}: room for larger models or more seats; it makes none of today’s faster.`,
      because: `${[...model, ...places].join('; ')}.`,
    },
  ];
}

/** The fewest servers that make a queue bearable, or an answer come sooner by a quarter. */
function servers(
  { questionsPerMinute }: ScalabilityInput,
  projected: readonly Projected[],
  today: Projected,
): readonly Recommendation[] {
  const before = today.projection.answerMs;
  if (today.answering === null) return [];
  const found = projected.find(({ projection: { kind, answerMs } }) => {
    if (kind !== 'servers' || answerMs === null) return false;
    return before === null || before.median / answerMs.median >= WORTH_WHILE;
  });
  const after = found?.projection.answerMs;
  if (found === undefined || after == null) return [];
  const asked = `${figure(questionsPerMinute)} questions a minute`;
  return [
    {
      horizon: 'long',
      title: 'Share the council with servers of your own',
      detail: `${found.projection.title} beside this device, each taken to be as fast as it; one that answers several at once does better.`,
      because:
        before === null
          ? `At ${asked} this device is used to ${percent(today.answering.utilisation.median)} (${percent(today.answering.utilisation.high)} at the slow end), and its queue has no end; with it answers take ${seconds(after.median)} (${seconds(after.low)} to ${seconds(after.high)}).`
          : `At ${asked} answers take ${seconds(before.median)} here, and ${seconds(after.median)} (${seconds(after.low)} to ${seconds(after.high)}) with it.`,
    },
  ];
}

/** What would have to be bought or set up: parts of this device, then servers. */
export function stronger(
  input: ScalabilityInput,
  projected: readonly Projected[],
  today: Projected,
): readonly Recommendation[] {
  return [...faster(projected, today), ...moreMemory(projected, today), ...servers(input, projected, today)];
}
