import { parseArgs } from 'node:util';
import { HEADLESS_SCHEMAS, type Verb } from '../../src/contracts/headless.ts';
import { GOALS, type Goal } from '../../src/contracts/plan.ts';
import { MOST_WEIGHT, RULES, type RuleName } from '../../src/contracts/rules.ts';
import { GPU_MODES, type GpuMode } from '../browser/launch-flags.ts';
import { driverFailureOf, misuse } from './failures.ts';
import { readServe, type ServeOptions } from './serve/serve-options.ts';

/** Options that every verb takes. */
export interface CommonOptions {
  readonly json: boolean;
  readonly gpu: GpuMode;
  readonly chrome: string | undefined;
  readonly profile: string | undefined;
  /** An app that is already served; the driver builds and serves its own when undefined. */
  readonly url: string | undefined;
  /** Whole run of the verb in the page, milliseconds. */
  readonly timeoutMs: number;
  readonly seed: number;
}

export type Command = { readonly common: CommonOptions } & (
  | { readonly verb: 'probe' | 'bench' | 'selftest' }
  | { readonly verb: 'plan'; readonly goal: Goal }
  | {
      readonly verb: 'predict';
      /** All that are known where undefined. */
      readonly models: readonly string[] | undefined;
      /** A model of web-llm to run first, without its weights: the user's yes to the download of its library. */
      readonly measure: string | undefined;
    }
  | {
      readonly verb: 'ask';
      readonly prompt: string;
      readonly members: readonly string[] | undefined;
      readonly rule: RuleName | 'auto';
      /** Answers of each member. */
      readonly samples: number;
      /** Members on servers are asked too: the question leaves this machine. */
      readonly allowRemote: boolean;
      /** Id of the conversation, or of the record, that the question goes on with. */
      readonly continued: string | undefined;
      /** The members are asked even where the profile keeps the answer. */
      readonly fresh: boolean;
      /** What votes count, by member. */
      readonly weights: Readonly<Record<string, number>> | undefined;
      readonly chairman: string | undefined;
    }
  | { readonly verb: 'history'; readonly action: 'export' | 'import'; readonly file: string }
  | {
      readonly verb: 'eval';
      readonly questions: number;
      readonly split: 'dev' | 'test';
      /** Answers of each member to each question. */
      readonly samples: number;
      /** File of the user's own questions, instead of the bundled ones. */
      readonly questionFile: string | undefined;
      /** Where the record goes, as JSON lines. */
      readonly recordFile: string | undefined;
    }
  | { readonly verb: 'open'; readonly link: string }
  | { readonly verb: 'serve'; readonly serve: ServeOptions }
  | { readonly verb: 'models'; readonly action: 'list' }
  | { readonly verb: 'models'; readonly action: 'get' | 'verify' | 'remove'; readonly id: string }
  | { readonly verb: 'models'; readonly action: 'import'; readonly file: string }
);
export type CommandOf<V extends Verb> = Extract<Command, { verb: V }>;

/** Verbs of the contract that later pieces of work bring. */
const PLANNED = ['loadtest', 'optimize', 'metrics', 'ring'];

/**
 * Seconds. An evaluation asks every member hundreds of questions; a benchmark repeats each test six times; a plan or a prediction
 * measures the device first where that was not done, half a minute where all goes well.
 */
const DEFAULT_TIMEOUT_S: Readonly<Record<Verb, number>> = {
  probe: 60,
  plan: 180,
  predict: 180,
  ask: 120,
  eval: 3600,
  bench: 900,
  open: 60,
  models: 3600,
  history: 120,
  selftest: 900,
  // Of one answer, not of the server.
  serve: 300,
};

/** Questions of `eval` when none are named: about a minute on two cores. Of one's own: all. */
const DEFAULT_QUESTIONS = 120;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  gpu: { type: 'string', default: 'none' },
  chrome: { type: 'string' },
  profile: { type: 'string' },
  url: { type: 'string' },
  timeout: { type: 'string' },
  seed: { type: 'string', default: '1' },
  rule: { type: 'string', default: 'auto' },
  members: { type: 'string' },
  samples: { type: 'string', default: '1' },
  continue: { type: 'string' },
  'allow-remote': { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  weights: { type: 'string' },
  chairman: { type: 'string' },
  questions: { type: 'string' },
  split: { type: 'string', default: 'test' },
  import: { type: 'string' },
  export: { type: 'string' },
  quick: { type: 'boolean', default: false },
  goal: { type: 'string', default: 'balanced' },
  models: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  token: { type: 'string' },
  'allow-origin': { type: 'string' },
  queue: { type: 'string' },
  'leave-out': { type: 'string' },
  measure: { type: 'string' },
} as const;

/** Arguments that a verb takes; none where it is not named. */
const ARGUMENTS: Readonly<Partial<Record<Verb, number>>> = { ask: 1, open: 1, models: 2, history: 2 };
const TAKES = ['no argument', 'one argument', 'at most two arguments'];

/** Options that only some verbs take. */
const OWN: Readonly<Record<string, readonly Verb[]>> = {
  rule: ['ask'],
  members: ['ask'],
  samples: ['ask', 'eval'],
  continue: ['ask'],
  'allow-remote': ['ask', 'serve'],
  fresh: ['ask'],
  weights: ['ask'],
  chairman: ['ask'],
  questions: ['eval'],
  split: ['eval'],
  import: ['eval'],
  export: ['eval'],
  quick: ['bench'],
  goal: ['plan'],
  models: ['predict'],
  port: ['serve'],
  host: ['serve'],
  token: ['serve'],
  'allow-origin': ['serve'],
  queue: ['serve'],
  'leave-out': ['serve'],
  measure: ['predict'],
};

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
    throw misuse(`--${name} takes a whole number from ${least}, not "${text}"`);
  return value;
}

/** Rules that count votes; `auto` takes one where weights are given. */
const COUNTING: readonly string[] = ['auto', 'plurality', 'confidence'];

/** `ID=W,ID=W`. */
function weightsIn(text: string): Readonly<Record<string, number>> {
  const weights = text.split(',').map((part): readonly [string, number] => {
    const cut = part.lastIndexOf('=');
    const weight = Number(part.slice(cut + 1));
    const sound = cut > 0 && part.slice(cut + 1).trim() !== '' && weight >= 0 && weight <= MOST_WEIGHT;
    if (!sound) throw misuse(`--weights takes ID=W,ID=W with W from 0 to ${MOST_WEIGHT}, not "${part}"`);
    return [part.slice(0, cut).trim(), weight];
  });
  return Object.fromEntries(weights);
}

function isVerb(name: string): name is Verb {
  return Object.hasOwn(HEADLESS_SCHEMAS, name);
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
  } catch (error) {
    throw misuse(driverFailureOf(error).message);
  }
}

function verbOf(name: string | undefined): Verb {
  const known = Object.keys(HEADLESS_SCHEMAS).join(', ');
  if (name === undefined) throw misuse(`no verb was given; there are ${known}`);
  if (PLANNED.includes(name)) throw misuse(`the verb ${name} does not exist yet; there are ${known}`);
  if (!isVerb(name)) throw misuse(`there is no verb ${name}; there are ${known}`);
  return name;
}

function modelsCommand(
  action: string | undefined,
  what: string | undefined,
  common: CommonOptions,
): CommandOf<'models'> {
  const verb = 'models';
  switch (action) {
    case 'list':
      if (what !== undefined) throw misuse('models list takes no argument');
      return { verb, action, common };
    case 'get':
    case 'verify':
    case 'remove':
      if (what === undefined) throw misuse(`models ${action} needs the id of a model`);
      return { verb, action, id: what, common };
    case 'import':
      if (what === undefined) throw misuse('models import needs a file');
      return { verb, action, file: what, common };
    default:
      throw misuse('models takes list, get ID, verify ID, remove ID or import FILE');
  }
}

/** Reads the command line. @throws DriverFailure with code `usage` */
export function readCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Command {
  const { values, positionals, tokens } = parsed(argv);
  const [name, ...rest] = positionals;
  const verb = verbOf(name);
  for (const token of tokens) {
    const owners = token.kind === 'option' ? OWN[token.name] : undefined;
    if (owners?.includes(verb) === false && token.kind === 'option')
      throw misuse(`--${token.name} belongs to the verb ${owners.join(' or ')}`);
  }
  const gpu = GPU_MODES.find((mode) => mode === values.gpu);
  if (gpu === undefined) throw misuse(`--gpu is one of ${GPU_MODES.join(', ')}, not "${values.gpu}"`);
  if (values.url !== undefined && !/^https?:\/\//.test(values.url))
    throw misuse(`--url takes an http address, not "${values.url}"`);
  const seconds =
    values.timeout === undefined ? DEFAULT_TIMEOUT_S[verb] : whole('timeout', values.timeout, 1);
  const common: CommonOptions = {
    json: values.json,
    gpu,
    chrome: values.chrome ?? env['CHROME_PATH'],
    profile: values.profile,
    url: values.url,
    timeoutMs: seconds * 1000,
    seed: whole('seed', values.seed, 0),
  };
  const takes = ARGUMENTS[verb] ?? 0;
  const [argument, second] = rest;
  if (rest.length > takes) throw misuse(`${verb} takes ${TAKES[takes] ?? 'less'}`);
  switch (verb) {
    case 'ask': {
      if (argument === undefined) throw misuse('ask needs a question: ask "What is 38 + 47?"');
      const rule = (['auto', ...RULES] as const).find((each) => each === values.rule);
      if (rule === undefined)
        throw misuse(`--rule is auto or one of ${RULES.join(', ')}, not "${values.rule}"`);
      const samples = whole('samples', values.samples, 1);
      const members = values.members?.split(',').filter((id) => id !== '');
      const { chairman, continue: continued, fresh, 'allow-remote': allowRemote } = values;
      if (continued === '') throw misuse('--continue needs the id of a conversation or a record');
      const weights = values.weights === undefined ? undefined : weightsIn(values.weights);
      if (weights !== undefined && !COUNTING.includes(rule))
        throw misuse(`--weights counts votes, and the rule ${rule} counts none`);
      if (chairman === '') throw misuse('--chairman needs the id of a member');
      if (chairman !== undefined && rule === 'model-switch')
        throw misuse('--chairman has no say under the rule model-switch: there are no ties');
      const wish = { members, rule, samples, weights, chairman, allowRemote, fresh, continued };
      return { verb, prompt: argument, ...wish, common };
    }
    case 'eval': {
      const { split } = values;
      if (split !== 'dev' && split !== 'test') throw misuse(`--split is dev or test, not "${split}"`);
      const { import: questionFile, export: recordFile } = values;
      const all = questionFile === undefined ? DEFAULT_QUESTIONS : Number.MAX_SAFE_INTEGER;
      const questions = whole('questions', values.questions ?? String(all), 1);
      const samples = whole('samples', values.samples, 1);
      return { verb, questions, split, samples, questionFile, recordFile, common };
    }
    case 'history':
      if (argument !== 'export' && argument !== 'import')
        throw misuse('history takes export FILE or import FILE');
      if (second === undefined) throw misuse(`history ${argument} needs a file`);
      return { verb, action: argument, file: second, common };
    case 'models':
      return modelsCommand(argument, second, common);
    case 'open':
      if (argument === undefined) throw misuse('open needs a link');
      return { verb, link: argument, common };
    case 'bench':
      if (!values.quick) throw misuse('only the quick suite exists yet: bench --quick');
      return { verb, common };
    case 'predict': {
      const models = values.models?.split(',').filter((id) => id !== '');
      if (models?.length === 0) throw misuse('--models needs the id of a model');
      if (values.measure === '') throw misuse('--measure needs the id of a model');
      return { verb, models, measure: values.measure, common };
    }
    case 'plan': {
      const goal = GOALS.find((each) => each === values.goal);
      if (goal === undefined) throw misuse(`--goal is one of ${GOALS.join(', ')}, not "${values.goal}"`);
      return { verb, goal, common };
    }
    case 'serve':
      return { verb, serve: readServe(values, env), common };
    case 'probe':
    case 'selftest':
      return { verb, common };
  }
}
