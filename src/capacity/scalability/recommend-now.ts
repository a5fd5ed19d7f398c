import type { Recommendation, ScalabilityInput } from '#contracts/scalability';
import { figure, many, percent, seconds } from './figure-text.ts';
import { answering } from './answering.ts';
import type { Member } from './council-time.ts';
import type { Projected } from './projection.ts';
import { bearableMs } from './seats.ts';

type Advice = Recommendation | null;

const onPlace = ({ members }: ScalabilityInput, place: string): number =>
  members.filter(({ backend }) => backend === place).length;

/** A page that is not isolated has one thread. */
function threads(input: ScalabilityInput): Advice {
  const { isolated, cores } = input;
  const onCpu = onPlace(input, 'cpu');
  if (isolated || cores === null || cores < 2 || onCpu === 0) return null;
  return {
    horizon: 'now',
    title: 'Let the processor use all its cores',
    detail:
      'Open the app from an address that isolates the page (headers COOP and COEP): its engines may then run on several threads.',
    because: `This page is not isolated: 1 of ${figure(cores)} cores is used, by ${many(onCpu, 'member')}.`,
  };
}

function card(input: ScalabilityInput): Advice {
  const { graphics, supposed } = input;
  // What a browser offers says nothing of a device that is supposed to have no card, or another one.
  if (supposed === true) return null;
  const [onCpu, onCard] = [onPlace(input, 'cpu'), onPlace(input, 'webgpu')];
  if (onCpu === 0 || onCard > 0) return null;
  if (graphics === null)
    return {
      horizon: 'now',
      title: 'Try a browser that offers the graphics card',
      detail: 'If this device has one, a browser with WebGPU lets members run on it.',
      because: `This browser offers no graphics card; members on the processor: ${figure(onCpu)}.`,
    };
  const reads = graphics.readGBps === null ? '' : ` that reads ${figure(graphics.readGBps)} GB/s`;
  return {
    horizon: 'now',
    title: 'Try members on the graphics card',
    detail: 'Choose models that can run on it, and measure them.',
    because: `There is a graphics card${reads}; members on it: 0, on the processor: ${figure(onCpu)}.`,
  };
}

/** What its own part of a question takes a member today, ms. */
const ownMs = ({ answerTokens }: ScalabilityInput, { decodeMs, prefillMs }: Member): number =>
  (prefillMs?.median ?? 0) + answerTokens * (decodeMs?.median ?? 0);

/** The most of the fastest members that answer in bearable time, and how long they take; null where none does. */
function bearableCouncil(
  input: ScalabilityInput,
  { scenario }: Projected,
): { out: string; takesMs: number } | null {
  const fastest = [...input.members].sort((a, b) => ownMs(input, a) - ownMs(input, b));
  for (let left = fastest.length - 1; left >= 1; left -= 1) {
    const takesMs =
      answering({ ...input, members: fastest.slice(0, left) }, scenario)?.alone.ms.median ?? Infinity;
    const out = fastest.slice(left).map(({ name }) => name);
    if (takesMs <= bearableMs(input)) return { out: out.join(', '), takesMs };
  }
  return null;
}

/** Nothing also where it is not known how long an answer takes. */
function smaller(input: ScalabilityInput, today: Projected): Advice {
  const takes = today.answering?.alone.ms.median ?? 0;
  if (!Number.isFinite(takes) || takes <= bearableMs(input)) return null;
  const because = `A council of ${figure(input.members.length)} needs ${seconds(takes)} for ${many(input.answerTokens, 'token')} each: less than one token a second.`;
  const found = bearableCouncil(input, today);
  return found === null
    ? {
        horizon: 'now',
        title: 'Smaller models',
        detail: 'Choose models with fewer parameters, or shorter answers.',
        because: `${because} Not even the fastest alone is done in ${seconds(bearableMs(input))}.`,
      }
    : {
        horizon: 'now',
        title: 'A smaller council',
        detail: `Without ${found.out} it takes ${seconds(found.takesMs)}.`,
        because,
      };
}

function fewerQuestions(input: ScalabilityInput, { answering: way }: Projected): Advice {
  if (way === null || way.waitMs !== null || !Number.isFinite(way.utilisation.median)) return null;
  const most = 60_000 / way.alone.ms.median;
  return {
    horizon: 'now',
    title: 'Fewer questions at a time',
    detail: 'Ask less often, or with a smaller council: the queue grows without end.',
    because: `${figure(input.questionsPerMinute)} a minute are asked and ${figure(most)} can be answered (utilisation ${percent(way.utilisation.median)}).`,
  };
}

/** What can be done without buying anything. */
export function immediate(input: ScalabilityInput, today: Projected): readonly Recommendation[] {
  return [threads(input), card(input), smaller(input, today), fewerQuestions(input, today)].filter(
    (advice) => advice !== null,
  );
}
