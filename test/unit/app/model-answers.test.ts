import { expect, it } from 'vitest';
import { modelAnswers } from '../../../src/app/model-answers.ts';
import { calibrationOf } from '../../fakes/calibrations.ts';
import { memberView } from '../../fakes/port-data.ts';

const OAK = { id: 'oak', backend: 'webgpu', parameters: 7e9, sizeBytes: 4e9 } as const;
const ELM = { id: 'elm-q4', backend: 'webgpu', parameters: 1e9, sizeBytes: 9e8 } as const;
const ALDER = memberView('alder', { backend: 'cpu' });
const CALIBRATION = calibrationOf([ALDER, OAK, ELM]);
const MODELS = [
  { ...ALDER, engine: 'starter', backend: 'webgpu' },
  { ...OAK, engine: 'wllama' },
  { ...ELM, engine: 'web-llm', sizeBytes: null },
] as const;
const HERE = CALIBRATION.machine;

it('is what was measured of each model, whether it has a seat or would have one', () => {
  const answers = modelAnswers(CALIBRATION, MODELS, [ALDER], HERE);
  expect([...answers.keys()]).toEqual(['alder', 'oak', 'elm-q4']);
  expect(answers.get('alder')).toEqual({
    accuracy: 0.9,
    measured: {
      questions: 100,
      ci95: [0.85, 0.9500000000000001],
      answerMs: { p50: 50, p95: 100 },
      tokens: 5,
    },
  });
  expect(modelAnswers(CALIBRATION, MODELS, [], HERE).size).toBe(3);
});

it('keeps accuracy and drops times where another machine or browser measured', () => {
  const answers = modelAnswers(CALIBRATION, MODELS, [], 'Firefox/2 {}');
  expect(answers.get('oak')).toMatchObject({ accuracy: 0.8, measured: { answerMs: null } });
});

it('takes the bundled models all together or not at all', () => {
  const birch = memberView('birch', { backend: 'cpu' });
  const models = [...MODELS, { ...birch, engine: 'starter' } as const];
  expect([...modelAnswers(CALIBRATION, models, [], HERE).keys()]).toEqual(['oak', 'elm-q4']);
  const both = calibrationOf([ALDER, birch, OAK]);
  expect([...modelAnswers(both, models, [], HERE).keys()]).toEqual(['alder', 'oak', 'birch']);
});

it.each([
  ['nothing was measured', null, MODELS, []],
  ['no question was asked', calibrationOf([OAK], { total: 0 }), MODELS, []],
  ['it is another model now', CALIBRATION, [{ ...OAK, engine: 'wllama', sizeBytes: 5 } as const], []],
  [
    'it runs elsewhere',
    CALIBRATION,
    [{ ...ELM, engine: 'web-llm', backend: 'cpu', sizeBytes: null } as const],
    [],
  ],
  [
    'it fell back to a smaller one',
    CALIBRATION,
    [{ ...OAK, engine: 'wllama' } as const],
    [memberView('oak', { ...OAK, parameters: 1 })],
  ],
] as const)('is nothing where %s', (_why, calibration, models, seated) => {
  expect(modelAnswers(calibration, models, seated, HERE).size).toBe(0);
});
