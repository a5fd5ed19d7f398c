import type { Estimate } from '#contracts/estimate';
import type { CapacityPlan } from '#contracts/plan';
import { bitOf, CHECKS, type CheckName, type Terms } from './check-bits.ts';
import type { Choice } from './council-search.ts';
import { durationText, listText, sizeText, countText } from './plan-words.ts';
import type { StandingBasis } from './standing.ts';

type Check = CapacityPlan['checks'][number];

/** What a council is expected to do; null where a speed is not known. */
export interface Expectation {
  readonly answerMs: Estimate | null;
  readonly firstTokenMs: Estimate | null;
}

type Figures = Omit<Check, 'name' | 'pass'>;

const UNKNOWN_SPEED = 'Not known: nothing was measured here that says how fast these members are.';

const SOURCE = {
  hint: "of the browser's rounded figure",
  floor: 'of what the browser tells at most, though there may be more',
  assumed: 'of what a small device has, for this browser tells nothing',
  typed: 'of what was typed',
} as const;

const BASIS: Readonly<Record<StandingBasis, string>> = {
  measured: 'by what was measured on held-out questions',
  score: 'by public scores, which were not measured here',
  size: 'by size, for there is no score of all of them',
  unknown: 'by guess, for neither score nor size of all of them is known',
};
const WEAKEST_FIRST: readonly StandingBasis[] = ['unknown', 'size', 'score', 'measured'];

function memoryFigures({ members, level }: Choice, { room }: Terms): Figures {
  const figure = members.reduce((sum, { demands }) => sum + (demands[level]?.mainBytes ?? 0), 0);
  const detail =
    `The members take up to ${sizeText(figure)}; ${sizeText(room.membersBytes)} may be taken of ` +
    `${sizeText(room.totalBytes)}, half ${SOURCE[room.source]} less the page and a reserve.`;
  return { figure, limit: room.membersBytes, unit: 'bytes', detail };
}

function graphicsFigures({ members, level }: Choice, { room }: Terms): Figures {
  const onCard = members.filter(({ lane }) => lane === 'card');
  if (onCard.length === 0 || room.card === null)
    return { figure: 0, limit: null, unit: 'bytes', detail: 'No member runs on a graphics card.' };
  const figure = onCard.reduce((sum, { demands }) => sum + (demands[level]?.cardBytes ?? 0), 0);
  const { cards, membersBytes, told } = room.card;
  const whose = told ? '' : ', as no browser tells what a card has and a small one is assumed';
  const detail = `Up to ${sizeText(figure)} on ${countText(cards, 'card', 'cards')} with ${sizeText(membersBytes)} to take each${whose}.`;
  return { figure, limit: cards * membersBytes, unit: 'bytes', detail };
}

function engineFigures({ members, level }: Choice, { room }: Terms): Figures {
  const needs = members.flatMap(({ lane, demands }) =>
    lane === 'cpu' ? [demands[level]?.highBytes ?? 0] : [],
  );
  const limit = room.engineBytes;
  if (needs.length === 0)
    return { figure: 0, limit, unit: 'bytes', detail: 'No member runs on the processor.' };
  const figure = Math.max(...needs);
  const detail = `The largest member takes up to ${sizeText(figure)}; an engine on the processor holds ${sizeText(limit)}.`;
  return { figure, limit, unit: 'bytes', detail };
}

function storageFigures({ members }: Choice, { room }: Terms): Figures {
  const figure = members.reduce((sum, { downloadBytes }) => sum + downloadBytes, 0);
  const room_ =
    room.storageBytes === null
      ? 'the browser does not say how much room there is'
      : `${sizeText(room.storageBytes)} of room may be filled`;
  const detail =
    figure === 0 ? 'Nothing is to be fetched.' : `${sizeText(figure)} are to be fetched; ${room_}.`;
  return { figure, limit: room.storageBytes, unit: 'bytes', detail };
}

function timeFigures(time: Estimate | null, limit: number, what: string): Figures {
  if (time === null) return { figure: null, limit, unit: 'ms', detail: UNKNOWN_SPEED };
  const detail = `${what} after ${durationText(time.median)}, ${durationText(time.high)} at most; ${durationText(limit)} is bearable.`;
  return { figure: time.high, limit, unit: 'ms', detail };
}

function paceFigures({ members }: Choice, { limits }: Terms): Figures {
  const limit = limits.tokensPerSecond;
  const unit = 'tokens/s';
  if (members.some(({ speed }) => speed === null))
    return { figure: null, limit, unit, detail: UNKNOWN_SPEED };
  const rates = members.map(({ speed }) => speed?.tokensPerSecond.median ?? 0);
  const figure = Math.min(...rates);
  const slowest = members[rates.indexOf(figure)]?.candidate.prediction.name ?? '';
  const detail = `${slowest} is the slowest with ${figure.toFixed(1)} tokens a second; ${limit} is the least.`;
  return { figure, limit, unit, detail };
}

function familyFigures({ members }: Choice, terms: Terms): Figures {
  const families = new Set(members.map(({ family }) => family));
  const limit = members.length > 1 && terms.severalFamilies ? 2 : 1;
  const detail = terms.whole
    ? 'The bundled members were trained alike, on other samples; there are no others.'
    : limit === 2
      ? `Of ${countText(families.size, 'family', 'families')}; models of one family err alike.`
      : members.length > 1
        ? 'Only models of one family stand for a seat; they err alike.'
        : 'One member answers alone.';
  return { figure: families.size, limit, unit: 'families', detail };
}

function seatFigures({ members }: Choice, terms: Terms, required: number): Figures {
  const limit = terms.goal === 'speed' && (required & bitOf('seats')) !== 0 ? 2 : 1;
  const names = listText(members.map(({ candidate }) => candidate.prediction.name));
  const basis = WEAKEST_FIRST.find((each) => members.some(({ standing }) => standing.basis === each));
  const how = terms.whole ? 'the bundled council' : `chosen ${BASIS[basis ?? 'unknown']}`;
  return {
    figure: members.length,
    limit,
    unit: 'members',
    detail: `${names}: ${how}${members.length > 1 ? '' : '; a single member has nobody to differ with'}.`,
  };
}

/**
 * All checks of a choice, with their figures. Whether one passes is what the search said of it.
 * @param required bits of the checks that must pass: seats are not asked for where no two fit
 */
export function planChecks(
  choice: Choice,
  expected: Expectation,
  terms: Terms,
  required: number,
): readonly Check[] {
  const figures: Readonly<Record<CheckName, () => Figures>> = {
    'engine-memory': () => engineFigures(choice, terms),
    memory: () => memoryFigures(choice, terms),
    'graphics-memory': () => graphicsFigures(choice, terms),
    storage: () => storageFigures(choice, terms),
    latency: () => timeFigures(expected.answerMs, terms.limits.answerMs, 'All have answered'),
    'first-token': () =>
      timeFigures(expected.firstTokenMs, terms.limits.firstTokenMs, 'The first word comes'),
    pace: () => paceFigures(choice, terms),
    families: () => familyFigures(choice, terms),
    seats: () => seatFigures(choice, terms, required),
  };
  return CHECKS.map((name) => ({
    name,
    pass: (choice.failing & required & bitOf(name)) === 0,
    ...figures[name](),
  }));
}
