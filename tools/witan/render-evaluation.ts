import type { VerbDocument } from '../../src/contracts/headless.ts';
import { columns } from './columns.ts';

type Evaluation = VerbDocument<'eval'>;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const share = (part: number, whole: number): string => (whole === 0 ? '–' : percent(part / whole));
const points = (value: number): string => `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(2)}`;
const span = ([low, high]: readonly [number, number]): string => `${points(low)} to ${points(high)}`;

/** Arms as rows of text, head first. */
export function armRows({ arms }: Pick<Evaluation, 'arms'>): readonly (readonly string[])[] {
  return [
    ['arm', 'correct', 'accuracy', '95 % interval', 'calls', 'tokens', 'abstained'],
    ...arms.map((arm) => [
      arm.name,
      `${arm.correct}/${arm.total}`,
      percent(arm.accuracy),
      arm.ci95.map(percent).join(' to '),
      String(arm.calls),
      String(arm.tokens),
      String(arm.abstained),
    ]),
  ];
}

/** Differences in points, with p as it is and after Holm. */
export function pairRows({ pairs }: Pick<Evaluation, 'pairs'>): readonly (readonly string[])[] {
  return [
    ['difference', 'points', '95 % interval', 'p', 'p (Holm)'],
    ...pairs.map(({ a, b, differencePoints, ci95, p, pHolm }) => [
      `${a} − ${b}`,
      points(differencePoints),
      span(ci95),
      p.toPrecision(2),
      pHolm.toPrecision(2),
    ]),
  ];
}

export function stopRows({ stops }: Pick<Evaluation, 'stops'>): readonly (readonly string[])[] {
  return [
    ['stop', 'voters', 'calls saved', 'tokens saved', 'answers changed', 'correct without', 'correct with'],
    ...stops.map((row) => [
      row.stop,
      `${row.voters} ${row.of}`,
      share(row.callsSaved, row.calls),
      share(row.tokensSaved, row.tokens),
      share(row.changedAnswers, row.replays),
      share(row.correctFull, row.replays),
      share(row.correctStopped, row.replays),
    ]),
  ];
}

function recommended({ calibration: { recommendation } }: Evaluation): readonly string[] {
  const { councils, admissions, versusAlone, stability, questionsNeeded, questions } = recommendation;
  const [best] = councils;
  const members = columns([
    ['', 'member', 'accuracy', 'to the best', '95 % interval', ''],
    ...admissions.map(({ memberId, accuracy, differencePoints, ci95, admission, certain }) => [
      '',
      memberId,
      percent(accuracy),
      points(differencePoints),
      span(ci95),
      admission === 'refused' && !certain ? 'refused (not certain)' : admission,
    ]),
  ]);
  if (best === undefined || versusAlone === null) return ['No council of two or more members fits.', members];
  return [
    `Best council on these questions: ${best.members.join(' + ')}, ${percent(best.accuracy)} by ${recommendation.rule} ` +
      `(any right ${percent(best.union)}, contradiction ${percent(best.contradiction)}); none is ` +
      `better in ${percent(stability ?? 0)} of redrawn sets.`,
    `Against ${versusAlone.memberId} alone: ${points(versusAlone.differencePoints)} points (${span(versusAlone.ci95)}): ` +
      `${versusAlone.verdict}. To see 5 points ${questionsNeeded ?? '–'} questions are needed; these are ${questions}.`,
    members,
  ];
}

/** The document of `eval` for people. */
export function renderEvaluation(document: Evaluation): string {
  const { earlyStop, unanimous, divided, wrongTogether, riskCoverage, calibration } = document;
  return [
    `${document.questions} questions of the ${document.split} split, seed ${document.seed}, ${document.samples} answers of ` +
      `each member; default rule ${document.defaultRule}`,
    columns(armRows(document)),
    '',
    columns(pairRows(document)),
    '',
    columns(stopRows(document)),
    `Exact stop in order of arrival: ${earlyStop.callsSaved} of ${earlyStop.calls} calls saved, ` +
      `${earlyStop.changedAnswers} answers changed.`,
    '',
    columns([
      ['family', 'questions', 'default rule', 'best member', 'oracle'],
      ...Object.entries(document.byFamily).map(([family, { total, correct, arms }]) => [
        family,
        String(total),
        share(correct, total),
        share(arms['best-member'] ?? 0, total),
        share(arms['oracle'] ?? 0, total),
      ]),
    ]),
    `Short answers that parse: ${percent(document.parsedShare)}. All members agree: ` +
      `${unanimous.correct}/${unanimous.total} right; they do not: ${divided.correct}/${divided.total}. ` +
      `Both wrong and the same: ${wrongTogether.same}/${wrongTogether.pairs}. ` +
      `Agreement tells right from wrong with AUROC ${riskCoverage.auroc?.toFixed(3) ?? '–'}.`,
    '',
    columns([
      ['member', 'ms p50', 'ms p95', 'tokens'],
      ...calibration.members.map(({ memberId, latencyMs, tokens }) => [
        memberId,
        latencyMs.p50.toFixed(0),
        latencyMs.p95.toFixed(0),
        tokens.toFixed(1),
      ]),
    ]),
    '',
    ...recommended(document),
  ].join('\n');
}
