import type { GgufModel } from '../../src/contracts/gguf-catalogue.ts';
import { MAX_BYTES_WITHOUT_JSPI } from '../../src/contracts/gguf-catalogue.ts';
import { LICENCES, type LicenceKey } from './licences.ts';
import { SHAPES, type ShapeKey } from './shapes.ts';
import type { SourceKey } from './sources.ts';

/** No source was found that another host serves the same paths to pages of other sites. */
export const MIRRORS = ['https://huggingface.co/{repository}/resolve/{commit}/{file}'];

type File = GgufModel['files'][number];

interface Row extends Pick<GgufModel, 'tier' | 'name' | 'family' | 'quantization' | 'repository' | 'commit'> {
  readonly id: string;
  readonly parameters?: readonly [number, SourceKey];
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly projector?: Omit<File, 'role'>;
  readonly context?: readonly [number, SourceKey];
  readonly licence: readonly [LicenceKey, ...SourceKey[]];
  readonly shape: ShapeKey;
  readonly note?: string;
}

const QWEN3_5 = [262_144, 'xinference-qwen3.5'] as const;

const ROWS: readonly Row[] = [
  {
    id: 'gemma-3-270m-it-q4-k-m',
    tier: 'low',
    name: 'Gemma 3 270M',
    family: 'Gemma',
    parameters: [270_000_000, 'model-name'],
    quantization: 'Q4_K_M',
    repository: 'unsloth/gemma-3-270m-it-GGUF',
    commit: 'c90975dbd40c0c7b275fefaae758c3415c906238',
    file: 'gemma-3-270m-it-Q4_K_M.gguf',
    bytes: 253_115_424,
    sha256: 'b1baabd6b729e4041822220d3e648e00d99cac5df86b10dffb77bcccf0688e39',
    licence: ['gemma', 'pinned-lists'],
    shape: 'gemma-3-270m',
    note: 'A published preset says 260,046,848 bytes: that is 248 MiB, rounded.',
  },
  {
    id: 'smollm2-360m-instruct-q8-0',
    tier: 'low',
    name: 'SmolLM2 360M Instruct',
    family: 'SmolLM',
    parameters: [362_000_000, 'wm-smollm2-360m'],
    quantization: 'Q8_0',
    repository: 'HuggingFaceTB/SmolLM2-360M-Instruct-GGUF',
    commit: '593b5a2e04c8f3e4ee880263f93e0bd2901ad47f',
    file: 'smollm2-360m-instruct-q8_0.gguf',
    bytes: 386_404_992,
    sha256: '48ab3034d0dd401fbc721eb1df3217902fee7dab9078992d66431f09b7750201',
    context: [8192, 'mlc-presets'],
    licence: ['apache', 'wm-smollm2-360m'],
    shape: 'smollm2-360m',
    note:
      'The research names ngxson/SmolLM2-360M-Instruct-Q8_0-GGUF: same file name and size, but no hash of it was found, ' +
      'so the maker’s own repository is taken.',
  },
  {
    id: 'lfm2-700m-q4-k-m',
    tier: 'low',
    name: 'LFM2 700M',
    family: 'LFM',
    parameters: [742_489_344, 'card-lfm2'],
    quantization: 'Q4_K_M',
    repository: 'LiquidAI/LFM2-700M-GGUF',
    commit: 'fd39e80d7a5ac61494ffff577e61bbbfddbd0d02',
    file: 'LFM2-700M-Q4_K_M.gguf',
    bytes: 468_624_320,
    sha256: '684e8406dc13321452b3f6aeca432776e2a6a7e1ad6c23f7887b8fe3efbe2efa',
    context: [32_768, 'context-lfm2-700m'],
    licence: ['lfm', 'wm-lfm2-700m'],
    shape: 'lfm2-700m',
    note: 'Its configuration has room for 128,000 positions; the context is what the model is offered with.',
  },
  {
    id: 'qwen3.5-0.8b-q4-k-m',
    tier: 'low',
    name: 'Qwen3.5 0.8B',
    family: 'Qwen',
    parameters: [800_000_000, 'model-name'],
    quantization: 'Q4_K_M',
    repository: 'unsloth/Qwen3.5-0.8B-GGUF',
    commit: '6ab461498e2023f6e3c1baea90a8f0fe38ab64d0',
    file: 'Qwen3.5-0.8B-Q4_K_M.gguf',
    bytes: 532_517_120,
    sha256: 'bd258782e35f7f458f8aced1adc053e6e92e89bc735ba3be89d38a06121dc517',
    context: QWEN3_5,
    licence: ['apache', 'wm-qwen3-5-0-8b'],
    shape: 'qwen3.5-0.8b',
  },
  {
    id: 'lfm2.5-vl-450m-q4-0',
    tier: 'low',
    name: 'LFM2.5 VL 450M',
    family: 'LFM',
    parameters: [450_000_000, 'model-name'],
    quantization: 'Q4_0',
    repository: 'LiquidAI/LFM2.5-VL-450M-GGUF',
    commit: '1abed04b6fe71314d8c446a1371c03d7c332266d',
    file: 'LFM2.5-VL-450M-Q4_0.gguf',
    bytes: 219_311_264,
    sha256: '6d2757dd0f0b98aea7dc90477bb5b3a0df1089be85ef92943f8cecb05121ccbf',
    projector: {
      name: 'mmproj-LFM2.5-VL-450m-Q8_0.gguf',
      bytes: 102_815_168,
      sha256: 'ebfc428baa37efad8bae93864f914b2634a09009f91ad59f974fe1a1565d8561',
    },
    licence: ['lfm', 'repo-lfm2.5-vl'],
    shape: 'lfm2.5-350m',
    note:
      'The shape is that of its language part, without the eye. Both files are 322,126,432 bytes; a published preset ' +
      'says 566,231,040, which is 540 MiB, rounded.',
  },
  {
    id: 'lfm2-1.2b-q4-k-m',
    tier: 'low',
    name: 'LFM2 1.2B',
    family: 'LFM',
    parameters: [1_170_340_608, 'card-lfm2'],
    quantization: 'Q4_K_M',
    repository: 'LiquidAI/LFM2-1.2B-GGUF',
    commit: '5399e76c648f4eb8c053feb1ab747277dea5bf8b',
    file: 'LFM2-1.2B-Q4_K_M.gguf',
    bytes: 730_893_248,
    sha256: '55175400e3f509a9616227afeffd58d87e80b9f628a5d3d54ada884d85221fed',
    context: [32_768, 'pinned-lists'],
    licence: ['lfm', 'card-lfm2-1.2b'],
    shape: 'lfm2-1.2b',
  },
  {
    id: 'llama-3.2-1b-instruct-q4-k-m',
    tier: 'low',
    name: 'Llama 3.2 1B Instruct',
    family: 'Llama',
    parameters: [1_240_000_000, 'wm-llama-3-2-1b'],
    quantization: 'Q4_K_M',
    repository: 'hugging-quants/Llama-3.2-1B-Instruct-Q4_K_M-GGUF',
    commit: '39ba0224812e8139187a155573a27d1004ef716f',
    file: 'llama-3.2-1b-instruct-q4_k_m.gguf',
    bytes: 807_690_656,
    sha256: '1d0e9419ec4e12aef73ccf4ffd122703e94c48344a96bc7c5f0f2772c2152ce3',
    context: [131_072, 'mlc-presets'],
    licence: ['llama3.2', 'wm-llama-3-2-1b'],
    shape: 'llama-3.2-1b',
  },
  {
    id: 'qwen3-1.7b-q4-k-m',
    tier: 'mid',
    name: 'Qwen3 1.7B',
    family: 'Qwen',
    parameters: [1_700_000_000, 'model-name'],
    quantization: 'Q4_K_M',
    repository: 'unsloth/Qwen3-1.7B-GGUF',
    commit: 'd7f544eead698dbd1f15126ef60b45a1e1933222',
    file: 'Qwen3-1.7B-Q4_K_M.gguf',
    bytes: 1_107_409_472,
    sha256: 'b139949c5bd74937ad8ed8c8cf3d9ffb1e99c866c823204dc42c0d91fa181897',
    context: [40_960, 'mlc-presets'],
    licence: ['apache', 'wm-qwen3-1-7b'],
    shape: 'qwen3-1.7b',
  },
  {
    id: 'qwen3.5-2b-q4-k-m',
    tier: 'mid',
    name: 'Qwen3.5 2B',
    family: 'Qwen',
    parameters: [2_000_000_000, 'model-name'],
    quantization: 'Q4_K_M',
    repository: 'unsloth/Qwen3.5-2B-GGUF',
    commit: 'f6d5376be1edb4d416d56da11e5397a961aca8ae',
    file: 'Qwen3.5-2B-Q4_K_M.gguf',
    bytes: 1_280_835_840,
    sha256: 'aaf42c8b7c3cab2bf3d69c355048d4a0ee9973d48f16c731c0520ee914699223',
    context: QWEN3_5,
    licence: ['apache', 'wm-qwen3-5-2b'],
    shape: 'qwen3.5-2b',
  },
  {
    id: 'smollm3-3b-q4-k-m',
    tier: 'mid',
    name: 'SmolLM3 3B',
    family: 'SmolLM',
    parameters: [3_080_000_000, 'wm-smollm3-3b'],
    quantization: 'Q4_K_M',
    repository: 'ggml-org/SmolLM3-3B-GGUF',
    commit: '4965cb60b150737b68a0408c36aeefb65078f894',
    file: 'SmolLM3-Q4_K_M.gguf',
    bytes: 1_915_305_312,
    sha256: '8334b850b7bd46238c16b0c550df2138f0889bf433809008cc17a8b05761863e',
    context: [65_536, 'card-smollm3'],
    licence: ['apache', 'wm-smollm3-3b'],
    shape: 'smollm3-3b',
  },
  {
    id: 'qwen3.5-4b-q4-k-m',
    tier: 'high',
    name: 'Qwen3.5 4B',
    family: 'Qwen',
    parameters: [4_000_000_000, 'model-name'],
    quantization: 'Q4_K_M',
    repository: 'unsloth/Qwen3.5-4B-GGUF',
    commit: 'e87f176479d0855a907a41277aca2f8ee7a09523',
    file: 'Qwen3.5-4B-Q4_K_M.gguf',
    bytes: 2_740_937_888,
    sha256: '00fe7986ff5f6b463e62455821146049db6f9313603938a70800d1fb69ef11a4',
    context: QWEN3_5,
    licence: ['apache', 'wm-qwen3-5-4b'],
    shape: 'qwen3.5-4b',
  },
  {
    id: 'gemma-4-e2b-it-q4-k-m',
    tier: 'high',
    name: 'Gemma 4 E2B',
    family: 'Gemma',
    parameters: [5_100_000_000, 'wm-gemma-4-e2b'],
    quantization: 'Q4_K_M',
    repository: 'unsloth/gemma-4-E2B-it-GGUF',
    commit: '90f9618340396838ee7ff5b0ba2da27da62953d3',
    file: 'gemma-4-E2B-it-Q4_K_M.gguf',
    bytes: 3_106_736_256,
    sha256: '9378bc471710229ef165709b62e34bfb62231420ddaf6d729e727305b5b8672d',
    licence: ['apache', 'google-gemma-4'],
    shape: 'gemma-4-e2b',
    note:
      'Uploaded again several times: at 0314792d7f1f7e229411f620751375812bb9faf2 the file is 3,106,738,272 bytes. Of its ' +
      'parameters 2.3 billion are in use at once.',
  },
];

function catalogued(row: Row): GgufModel {
  const { parameters, context, licence, file, bytes, sha256, projector } = row;
  const [licenceKey, ...licenceSources] = licence;
  const files: File[] = [
    { role: 'weights', name: file, bytes, sha256 },
    ...(projector === undefined ? [] : [{ role: 'projector' as const, ...projector }]),
  ];
  const pinned = ['pinned-lists'];
  return {
    ...{ id: row.id, name: row.name, tier: row.tier, family: row.family },
    parameters: parameters?.[0] ?? null,
    ...{ quantization: row.quantization, repository: row.repository, commit: row.commit, files },
    contextTokens: context?.[0] ?? null,
    licence: LICENCES[licenceKey],
    shape: SHAPES[row.shape],
    vision: projector !== undefined,
    needs: files.some((one) => (one.bytes ?? 0) > MAX_BYTES_WITHOUT_JSPI) ? ['jspi'] : [],
    sources: {
      ...(parameters === undefined ? {} : { parameters: [parameters[1]] }),
      ...{ commit: pinned, bytes: pinned, sha256: pinned },
      ...(context === undefined ? {} : { contextTokens: [context[1]] }),
      licence: licenceSources,
      tier: ['engines-research'],
    },
    note: row.note ?? null,
  };
}

/** Every row of research/engines.md §5, in its order. */
export const GGUF_MODELS: readonly GgufModel[] = ROWS.map(catalogued);
