import type { Estimate } from '../../src/contracts/estimate.ts';
import type { VerbDocument } from '../../src/contracts/headless.ts';
import { columns } from './columns.ts';

function interval(estimate: Estimate | null, unit: string, scale: number, digits: number): string {
  if (estimate === null) return '–';
  const shown = (value: number): string => (value / scale).toFixed(digits);
  return `${shown(estimate.median)} ${unit} (${shown(estimate.low)} to ${shown(estimate.high)})`;
}

/** One line a model; speeds with the interval that nine of ten answers are expected in. */
export function renderPredictions({ models, measuredOn }: VerbDocument<'predict'>): string {
  const measured =
    measuredOn === null
      ? 'This device was not measured: speeds are not known.'
      : `Measured ${new Date(measuredOn.measuredAtMs).toISOString()} on ${measuredOn.backend}, ` +
        `${measuredOn.threads} threads${measuredOn.stable ? '' : ', unsteady'}.`;
  const rows = models.map((model) => [
    model.id,
    model.fits,
    interval(model.tokensPerSecond, 'tokens/s', 1, 1),
    interval(model.ttft, 's', 1000, 1),
    interval(model.memory, 'GiB', 2 ** 30, 2),
    model.caveats.join(', '),
  ]);
  return [columns([['model', 'fits', 'writes', 'first token', 'memory', 'because'], ...rows]), measured].join(
    '\n',
  );
}
