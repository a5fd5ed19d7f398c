import { expect, test } from 'vitest';
import { readCommand } from '../../../../tools/witan/arguments.ts';
import { DriverFailure } from '../../../../tools/witan/failures.ts';

/** The misuse that a command line is, or null when it is none. */
function misuseOf(argv: readonly string[]): DriverFailure | null {
  try {
    readCommand(argv, {});
    return null;
  } catch (error) {
    return error instanceof DriverFailure ? error : null;
  }
}

test('a question with its options', () => {
  const argv = [
    'ask',
    'What is 38 + 47?',
    '--members',
    'alder,cedar',
    '--json',
    '--allow-remote',
    '--fresh',
    '--seed',
    '7',
    '--timeout',
    '9',
  ];
  expect(readCommand(argv, {})).toEqual({
    verb: 'ask',
    prompt: 'What is 38 + 47?',
    members: ['alder', 'cedar'],
    rule: 'auto',
    samples: 1,
    allowRemote: true,
    continued: undefined,
    fresh: true,
    weights: undefined,
    chairman: undefined,
    common: {
      json: true,
      gpu: 'none',
      chrome: undefined,
      profile: undefined,
      url: undefined,
      timeoutMs: 9000,
      seed: 7,
    },
  });
});

test('a question goes on with a conversation, and the history goes out and in', () => {
  expect(readCommand(['ask', 'And then?', '--continue', 'c1'], {})).toMatchObject({ continued: 'c1' });
  expect(misuseOf(['ask', 'And then?', '--continue', ''])?.code).toBe('usage');
  expect(readCommand(['history', 'export', 'h.json'], {})).toMatchObject({
    verb: 'history',
    action: 'export',
    file: 'h.json',
  });
  expect(misuseOf(['history'])?.message).toContain('export FILE');
  expect(misuseOf(['history', 'wipe', 'x'])?.message).toContain('export FILE');
  expect(misuseOf(['history', 'import'])?.message).toContain('needs a file');
  expect(misuseOf(['history', 'import', 'x', '--continue', 'c'])?.message).toContain(
    'belongs to the verb ask',
  );
});

test('weights and a chairman', () => {
  const argv = ['ask', 'x', '--weights', 'alder=2.5, birch=0,a=b=1', '--chairman', 'cedar'];
  expect(readCommand(argv, {})).toMatchObject({
    weights: { alder: 2.5, birch: 0, 'a=b': 1 },
    chairman: 'cedar',
  });
  for (const wrong of ['alder', 'alder=', '=2', 'alder=-1', 'alder=11', 'alder=much', 'alder=2,', ''])
    expect(misuseOf(['ask', 'x', '--weights', wrong])?.message, wrong).toContain('--weights takes');
  expect(misuseOf(['ask', 'x', '--weights', 'alder=2', '--rule', 'borda'])?.message).toContain('counts none');
  expect(readCommand(['ask', 'x', '--weights', 'a=2', '--rule', 'confidence'], {})).toMatchObject({
    weights: { a: 2 },
  });
  expect(misuseOf(['ask', 'x', '--chairman', ''])?.message).toContain('--chairman needs');
  expect(misuseOf(['ask', 'x', '--chairman', 'a', '--rule', 'model-switch'])?.message).toContain('no say');
  expect(misuseOf(['eval', '--weights', 'a=2'])?.message).toContain('belongs to the verb ask');
});

test('an empty question is the business of the app, not a misuse', () => {
  expect(readCommand(['ask', ''], {})).toMatchObject({ verb: 'ask', prompt: '' });
});

test('--chrome wins over CHROME_PATH', () => {
  const env = { CHROME_PATH: '/b' };
  expect(readCommand(['probe'], env).common.chrome).toBe('/b');
  expect(readCommand(['probe', '--chrome', '/a'], env).common.chrome).toBe('/a');
});

test('a plan is balanced unless told otherwise, and may measure the device first', () => {
  expect(readCommand(['plan'], {})).toMatchObject({
    verb: 'plan',
    goal: 'balanced',
    common: { timeoutMs: 180_000 },
  });
  expect(readCommand(['plan', '--goal', 'speed'], {})).toMatchObject({ goal: 'speed' });
});

test('a prediction is of all models unless some are named', () => {
  expect(readCommand(['predict'], {})).toMatchObject({
    verb: 'predict',
    models: undefined,
    common: { timeoutMs: 180_000 },
  });
  expect(readCommand(['predict', '--models', 'a,b'], {})).toMatchObject({ models: ['a', 'b'] });
  expect(readCommand(['predict', '--models', ',a,'], {})).toMatchObject({ models: ['a'] });
  expect(readCommand(['predict', '--measure', 'a'], {})).toMatchObject({ models: undefined, measure: 'a' });
});

test('an evaluation is on the test split unless told otherwise', () => {
  expect(readCommand(['eval', '--questions', '600'], {})).toMatchObject({ split: 'test', questions: 600 });
  expect(readCommand(['eval', '--split', 'dev'], {})).toMatchObject({ split: 'dev', samples: 1 });
});

test('an evaluation takes several answers of each member, and the questions of a file, all of them', () => {
  expect(
    readCommand(['eval', '--samples', '3', '--import', 'a.jsonl', '--export', 'b.jsonl'], {}),
  ).toMatchObject({
    samples: 3,
    questionFile: 'a.jsonl',
    recordFile: 'b.jsonl',
    questions: Number.MAX_SAFE_INTEGER,
  });
});

test.each([
  [['models', 'list'], { action: 'list' }],
  [['models', 'get', 'lfm2-700m'], { action: 'get', id: 'lfm2-700m' }],
  [['models', 'import', './a.gguf'], { action: 'import', file: './a.gguf' }],
] as const)('%j says what to do with which model', (argv, command) => {
  expect(readCommand(argv, {})).toMatchObject({ verb: 'models', ...command });
});

test.each([
  [[], 'no verb'],
  [['fly'], 'no verb fly'],
  [['plan', '--goal', 'cheap'], '--goal is one of speed, quality, balanced'],
  [['plan', 'speed'], 'no argument'],
  [['probe', '--goal', 'speed'], 'belongs to the verb plan'],
  [['predict', 'a'], 'no argument'],
  [['predict', '--models', ''], '--models needs the id'],
  [['predict', '--models', ','], '--models needs the id'],
  [['predict', '--measure', ''], '--measure needs the id'],
  [['plan', '--measure', 'a'], '--measure belongs to the verb predict'],
  [['plan', '--models', 'a'], 'belongs to the verb predict'],
  [['models', 'list', '--models', 'a'], 'belongs to the verb predict'],
  [['predict', '--goal', 'speed'], 'belongs to the verb plan'],
  [['loadtest', 'spike'], 'does not exist yet'],
  [['ask'], 'needs a question'],
  [['ask', 'a', 'b'], 'one argument'],
  [['ask', 'a', '--rule', 'weighted'], 'slm-mux'],
  [['ask', 'a', '--samples', '0'], '--samples'],
  [['open'], 'needs a link'],
  [['models'], 'list, get ID'],
  [['models', 'fly'], 'list, get ID'],
  [['models', 'list', 'all'], 'no argument'],
  [['models', 'get'], 'needs the id'],
  [['models', 'import'], 'needs a file'],
  [['models', 'get', 'a', 'b'], 'at most two'],
  [['bench'], 'bench --quick'],
  [['probe', '--members', 'alder'], 'belongs to the verb ask'],
  [['probe', 'now'], 'no argument'],
  [['probe', '--gpu', 'fast'], '--gpu'],
  [['probe', '--url', 'ftp://x'], '--url'],
  [['probe', '--timeout', '0'], '--timeout'],
  [['probe', '--seed', '1.5'], '--seed'],
  [['eval', '--questions', ''], '--questions'],
  [['eval', '--split', 'train'], '--split'],
  [['eval', '--samples', '0'], '--samples'],
  [['bench', '--quick', '--samples', '2'], 'ask or eval'],
  [['ask', 'a', '--import', 'b'], 'belongs to the verb eval'],
  [['probe', '--fast'], '--fast'],
] as const)('%j is a misuse that says why', (argv, words) => {
  const misuse = misuseOf(argv);
  expect(misuse).toMatchObject({ code: 'usage', exitCode: 2 });
  expect(misuse?.message).toContain(words);
});
