import type { ErrorDocument, Verb, VerbDocument } from '../../src/contracts/headless.ts';
import { columns } from './columns.ts';
import { renderEvaluation } from './render-evaluation.ts';
import { renderPlan } from './render-plan.ts';
import { renderPredictions } from './render-predictions.ts';

const ms = (value: number | null): string => (value === null ? '–' : `${value.toFixed(0)} ms`);
const rate = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} tokens/s`);
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** How often such answers were right on this device, where that was measured. */
function measuredLines({ evidence }: VerbDocument<'ask'>): readonly string[] {
  const measured = evidence?.measured;
  if (measured === undefined || typeof measured === 'string') return [];
  const { unanimous, divided, round } = measured;
  return [
    `Measured here: right in ${unanimous.correct} of ${unanimous.total} when these agree, ` +
      `in ${divided.correct} of ${divided.total} when not (this one: ${round})`,
  ];
}

const RENDER: { readonly [V in Verb]: (document: VerbDocument<V>) => string } = {
  probe: ({ tier, confidence, reasons, profile }) =>
    [
      `Tier ${tier} (confidence ${percent(confidence)})`,
      columns(reasons.map((reason) => [reason.input, reason.value, reason.explanation])),
      `WebGPU ${profile.webgpu} · isolated ${profile.isolated ? 'yes' : 'no'} · clock step ${profile.clockStepUs} µs`,
    ].join('\n'),
  plan: renderPlan,
  predict: renderPredictions,
  ask: (document) =>
    [
      document.answer ?? `No answer (${document.outcome})`,
      `${document.rule} · agreement ${percent(document.agreement)} · ${ms(document.wall)}` +
        (document.decidedEarly ? ` · decided early, ${document.callsSaved} calls saved` : '') +
        (document.cached === undefined
          ? ''
          : ` · answered before, ${new Date(document.cached.storedAt).toISOString()}; nobody was asked`),
      columns(
        document.members.map((member) => [
          member.name,
          member.status,
          member.answer,
          `first token ${ms(member.ttft)}`,
          rate(member.tokensPerSecond),
          member.backend,
        ]),
      ),
      ...measuredLines(document),
      `Frames: ${document.frames.count}, p95 ${document.frames.p95.toFixed(1)} ms · record ${document.recordId}`,
      ...(document.conversation === null
        ? []
        : [`Turn ${document.conversation.turns} of conversation ${document.conversation.id}`]),
    ].join('\n'),
  serve: ({ url, models, token }) =>
    [
      `The council answers at ${url}${token ? ', with its token' : ''}`,
      `Models: ${models.join(', ')}`,
      'Stop with Ctrl+C.',
    ].join('\n'),
  models: (document) =>
    document.models.length === 0
      ? 'No models in the store.'
      : columns([
          ['id', 'state', 'bytes', 'of', 'chunks', 'faults'],
          ...document.models.map((row) => [
            row.id,
            row.state,
            String(row.bytes),
            row.totalBytes === null ? '–' : String(row.totalBytes),
            `${row.keptChunks}/${row.chunks ?? '–'}`,
            String(row.faults),
          ]),
        ]),
  history: ({ action, file, exported, imported }) =>
    [
      `${action === 'export' ? 'Written' : 'Read'}: ${file}`,
      ...(exported === undefined
        ? []
        : [`${exported.deliberations} deliberations, ${exported.conversations} conversations`]),
      ...(imported === undefined
        ? []
        : [
            `${imported.added} added, ${imported.merged} merged, ${imported.unchanged} here already, ` +
              `${imported.conflicts.length} in conflict (ours stay), ${imported.refused.length} refused`,
          ]),
    ].join('\n'),
  eval: renderEvaluation,
  bench: (document) =>
    [
      columns(
        document.tests.map(({ name, median, ci, unit, samples }) => [
          name,
          `${median.toFixed(1)} ${unit}`,
          `${ci[0].toFixed(1)} to ${ci[1].toFixed(1)}`,
          `${samples.length} samples`,
        ]),
      ),
      document.conditions.stable ? 'The run was stable.' : 'The run was NOT stable: repeat it.',
      document.link,
    ].join('\n'),
  open: ({ result }) =>
    [
      `${result.environment.browser} on ${result.environment.os}, tier ${result.environment.tier}, ${result.suite}`,
      columns(
        result.tests.map(({ member, test, median, unit }) => [
          `${member}/${test}`,
          `${median.toFixed(1)} ${unit}`,
        ]),
      ),
    ].join('\n'),
  selftest: ({ checks, passed, failed }) =>
    [
      columns(
        checks.map(({ name, pass, figure, unit, detail }) => [
          pass ? '✓' : '✗',
          name,
          figure === null ? '–' : `${Number(figure.toFixed(2))} ${unit}`,
          detail,
        ]),
      ),
      `${passed} passed, ${failed} failed`,
    ].join('\n'),
};

/** A document for people. Nothing in it that the document does not say. */
export function render<V extends Verb>(verb: V, document: VerbDocument<V>): string {
  return RENDER[verb](document);
}

export function renderError({ error }: ErrorDocument): string {
  const details = Object.entries(error.details).map(([name, value]) => `  ${name}: ${value}`);
  return [`${error.code}: ${error.message}`, ...details].join('\n');
}
