import type { FitVerdict, ModelDemand, ModelFit } from '#contracts/model-fit';
import { isFullShape } from '#contracts/model-shape';
import { count, memorySize } from '../quantities.ts';

export const VERDICTS: Readonly<Record<FitVerdict, string>> = {
  'runs-well': 'Runs well',
  tight: 'Tight',
  'will-not-fit': 'Will not fit',
};

/** What the ground means for this verdict; nothing where the figures say it. */
const MEANS: Readonly<
  Record<'memory' | 'engine-memory' | 'graphics-memory', Readonly<Record<FitVerdict, string>>>
> = {
  memory: {
    'runs-well': '',
    tight: '; it may leave too little for the system and other programs',
    'will-not-fit': '; more than there is',
  },
  'engine-memory': {
    'runs-well': '',
    tight: ', which may or may not be enough',
    'will-not-fit': ', and it can use no graphics card here',
  },
  'graphics-memory': {
    'runs-well': ', which is enough',
    // What was taken is the least there is.
    tight: ', which may or may not be enough',
    'will-not-fit': '',
  },
};

/** "needs about 1.2 GiB of about 8 GiB on this device (weights 1 GiB, 4,096 tokens of context 112 MiB)" */
export function fitReason(
  { verdict, reason, neededBytes, availableBytes }: ModelFit,
  demand: ModelDemand,
): string {
  const { weightsBytes, cacheBytes, contextTokens, largestFileBytes } = demand;
  const context = `${count(contextTokens)} tokens of context`;
  const parts =
    cacheBytes === null
      ? `without ${context}, whose size is not known`
      : `weights ${memorySize(weightsBytes)}, ${context} ${memorySize(cacheBytes)}`;
  // Without its dimensions the least is known, and no more.
  const known = demand.shape !== undefined && isFullShape(demand.shape);
  const figure = `${known ? 'about' : 'at least'} ${memorySize(neededBytes)}`;
  const needs = `needs ${figure} (${parts})`;
  const available = memorySize(availableBytes ?? 0);
  switch (reason) {
    case 'memory':
      return `needs ${figure} of about ${available} on this device (${parts})${MEANS.memory[verdict]}`;
    case 'memory-untold':
      return `${needs}; this browser does not tell how much memory there is`;
    case 'engine-memory':
      return `${needs}; on the processor the engine holds ${available} at most${MEANS['engine-memory'][verdict]}`;
    case 'card-only':
      return `${needs}; more than the ${available} that the engine holds on the processor, so only the graphics card can run it, whose memory browsers do not tell`;
    case 'graphics-memory':
      return `${needs}; more than the engine holds on the processor, so only the graphics card can run it, of whose memory ${available} could be taken${MEANS['graphics-memory'][verdict]}`;
    case 'file-size':
      return `one file has ${memorySize(largestFileBytes)}; this browser can load files of up to ${available}`;
  }
}
