import type { MemberView } from '#contracts/council';
import type { BuiltInState } from '#contracts/ports';
import type { ModelOffers, ModelVariant } from '#contracts/model-offer';
import type { MemberChoice } from '#contracts/settings';
import { progressWords } from '../load-words.ts';
import { count, memorySize, parameters } from '../quantities.ts';

const PLACES: Readonly<Record<MemberChoice['engine'], string>> = {
  starter: 'Comes with the app, on the CPU',
  wllama: 'From the models on this device',
  'web-llm': 'On the graphics card',
  'prompt-api': 'In the browser itself',
  remote: 'On a server',
};

/** Where a member runs, before it has been loaded. */
export function placeWords(engine: MemberChoice['engine']): string {
  return PLACES[engine];
}

const STATES: Readonly<Record<MemberView['state'], string>> = {
  absent: 'Not loaded yet',
  loading: 'Loading',
  ready: 'Ready',
  thinking: 'Thinking',
  restarting: 'Starting again',
  failed: 'Failed',
};

export function stateWords(view: MemberView | null): string {
  if (view === null) return 'Not there any more';
  if (view.downloadBytes !== undefined) return 'Waits for your yes';
  return view.progress === undefined ? STATES[view.state] : progressWords(view.progress);
}

export const UNAVAILABLE: Readonly<Record<NonNullable<ModelOffers['unavailable']>, string>> = {
  'no-webgpu':
    'This browser has no WebGPU, which these models need. A current Chrome, Edge or Safari has it.',
  'no-adapter': 'WebGPU is there, but it finds no graphics card to use.',
  'software-adapter':
    'The only graphics card that WebGPU finds is an emulated one: these models run on it, far slower than anybody would wait for.',
};

/** How the browser's own model stands. */
export const BUILT_IN: Readonly<Record<BuiltInState, string>> = {
  absent: 'This browser has none.',
  'not-allowed': 'Not allowed yet, and not touched.',
  unavailable: 'The browser says that it cannot run it on this device.',
  downloadable: 'The browser would have to fetch it first.',
  downloading: 'The browser is fetching it.',
  available: 'The browser has it at hand.',
};

/** MLC's names in words: "4-bit weights, 16-bit arithmetic". */
export function quantizationWords(quantization: string): string {
  const found = /^q(\d+)f(\d+)/.exec(quantization);
  if (found === null) return quantization;
  const [, bits = '', float = ''] = found;
  const weights = bits === '0' ? 'unquantized weights' : `${bits}-bit weights`;
  return `${weights}, ${float}-bit arithmetic`;
}

export function sizeWords(value: number | null): string {
  return value === null || value === 0 ? '' : `${parameters(value)} parameters`;
}

/** How far a variant looks back, and what of its memory that costs, where it is known. */
export function contextWords({
  contextTokens,
  cacheBytes,
}: Pick<ModelVariant, 'contextTokens' | 'cacheBytes'>): string {
  const share = cacheBytes === null ? '' : ` (${memorySize(cacheBytes)} of it)`;
  return `${count(contextTokens)} tokens of context${share}`;
}
