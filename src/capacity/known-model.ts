import type { GgufSummary, PerLayer } from '#contracts/gguf';
import type { GgufModel } from '#contracts/gguf-catalogue';
import { UNKNOWN_SHAPE, type ModelShape } from '#contracts/model-shape';
import type { StarterMember } from '#contracts/starter';

/** A GGUF model, wherever it is known from, as far as its speed and memory depend on it. */
export interface KnownModel {
  readonly id: string;
  readonly name: string;
  readonly family: string;
  readonly engine: 'starter' | 'wllama';
  /** llama.cpp's name of how its weights are packed. */
  readonly quantization: string;
  readonly parameters: number | null;
  /** Of each of its files. */
  readonly fileBytes: readonly number[];
  /** Whether all of it is on this device. */
  readonly installed: boolean;
  readonly shape: ModelShape;
  /** Context that it was trained for; null where nobody says. */
  readonly trainedTokens: number | null;
  /** Keys and values of one token, where the shape does not tell; at most. */
  readonly kvBytesPerToken: number | null;
}

/** @returns null where the catalogue does not know how large its files are */
export function catalogueModel(model: GgufModel, installed: boolean): KnownModel | null {
  const sizes = model.files.filter(({ role }) => role === 'weights').map(({ bytes }) => bytes);
  const fileBytes = sizes.filter((bytes) => bytes !== null);
  if (fileBytes.length === 0 || fileBytes.length < sizes.length) return null;
  const { id, name, family, quantization, parameters, shape, contextTokens } = model;
  return {
    id,
    name,
    family,
    engine: 'wllama',
    quantization,
    parameters,
    fileBytes,
    installed,
    shape,
    trainedTokens: contextTokens,
    kvBytesPerToken: null,
  };
}

/** A bundled model. */
export function starterModel(member: StarterMember): KnownModel {
  const { layers, heads, kvHeads, embedding, feedForward, vocabulary } = member;
  return {
    id: member.id,
    name: member.name,
    family: 'Witan starter',
    engine: 'starter',
    quantization: member.quantization,
    parameters: member.parameters,
    fileBytes: [member.sizeBytes],
    installed: true,
    shape: {
      ...UNKNOWN_SHAPE,
      layers,
      heads,
      kvHeads,
      headDim: embedding / heads,
      embeddingDim: embedding,
      feedForwardDim: feedForward,
      vocabulary,
      attention: { full: layers, sliding: 0, recurrent: 0, windowTokens: null },
    },
    trainedTokens: member.context,
    kvBytesPerToken: null,
  };
}

/** The figure that most layers with attention have; null where nobody says. Layers without any say 0. */
function usual(figure: PerLayer): number | null {
  if (figure === null || typeof figure === 'number') return figure;
  const sorted = figure.filter((heads) => heads > 0).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

const withoutHeads = (figure: PerLayer): number =>
  figure === null || typeof figure === 'number' ? 0 : figure.filter((heads) => heads === 0).length;

/**
 * What a file says of itself is proved to be consistent and not to be true: none of a model, or more than any has, is taken
 * for not said. The largest figures of today's models are vocabularies and contexts, below a million and ten million.
 */
const MOST_SAID = 2 ** 26;
const said = (figure: number | null): number | null =>
  figure !== null && figure >= 1 && figure <= MOST_SAID ? figure : null;

/** A model of the store, by what its file says of itself. @param fileBytes size of each of its files */
export function storedModel(
  id: string,
  name: string,
  summary: GgufSummary,
  fileBytes: readonly number[],
): KnownModel {
  const { shape, quantization, architecture } = summary;
  const [layers, embedding, vocabulary] = [said(shape.layers), said(shape.embedding), said(shape.vocabulary)];
  const heads = said(usual(shape.heads));
  const headDim =
    said(shape.keyDimensions) ?? (embedding === null || heads === null ? null : embedding / heads);
  const recurrent = withoutHeads(shape.kvHeads);
  return {
    id,
    name,
    family: architecture ?? '',
    engine: 'wllama',
    quantization: quantization.declared ?? quantization.dominant ?? '',
    parameters: summary.parameters,
    fileBytes,
    installed: true,
    shape: {
      ...UNKNOWN_SHAPE,
      layers,
      heads,
      kvHeads: said(usual(shape.kvHeads)),
      headDim,
      embeddingDim: embedding,
      vocabulary,
      // Which of its layers have a window it does not say: as if none had, so at most.
      attention:
        layers === null || recurrent > layers
          ? null
          : { full: layers - recurrent, sliding: 0, recurrent, windowTokens: null },
    },
    trainedTokens: said(shape.contextTokens),
    kvBytesPerToken: summary.kvBytesPerToken,
  };
}
