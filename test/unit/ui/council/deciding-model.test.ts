import { describe, expect, it } from 'vitest';
import { CouncilModel } from '../../../../src/ui/council/council-model.svelte.ts';
import { DecidingModel, OUR_INSTRUCTIONS } from '../../../../src/ui/council/deciding-model.svelte.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const IDS = ['alder', 'birch', 'cedar'];

describe('how to decide', () => {
  it('is what suits the question until something is chosen', () => {
    expect(new DecidingModel().optionsFor(IDS)).toEqual({ rule: 'auto', samples: 1, stop: 'exact' });
  });

  it('weights: those that differ from 1, of members of now, under rules that count votes', () => {
    const deciding = new DecidingModel();
    Object.assign(deciding.weights, { alder: 2.5, birch: 1, cedar: null, gone: 3 });
    expect(deciding.optionsFor(IDS).weights).toEqual({ alder: 2.5 });
    deciding.rule = 'confidence';
    expect(deciding.optionsFor(IDS).weights).toEqual({ alder: 2.5 });
    deciding.rule = 'slm-mux';
    expect(deciding.optionsFor(IDS).weights).toBeUndefined();
    deciding.rule = 'plurality';
    Object.assign(deciding.weights, { alder: 11, birch: -1, cedar: 0 });
    expect(deciding.optionsFor(IDS).weights).toEqual({ cedar: 0 });
  });

  it('a chairman: for every rule that has ties or a chair, and only while it is a member', () => {
    const deciding = new DecidingModel();
    deciding.chairman = 'birch';
    for (const rule of ['auto', 'chairman', 'plurality', 'borda'] as const) {
      deciding.rule = rule;
      expect(deciding.optionsFor(IDS).chairman, rule).toBe('birch');
    }
    expect(deciding.optionsFor(['alder']).chairman).toBeUndefined();
    deciding.rule = 'model-switch';
    expect(deciding.optionsFor(IDS).chairman).toBeUndefined();
  });

  it('says when members are to read what others said', () => {
    const deciding = new DecidingModel();
    expect(deciding.sharesAnswers).toBe(false);
    deciding.chairman = 'birch';
    expect(deciding.sharesAnswers).toBe(true);
    deciding.rule = 'plurality';
    expect(deciding.sharesAnswers).toBe(false);
    deciding.rule = 'kemeny';
    expect(deciding.sharesAnswers).toBe(true);
  });
});

describe('instructions', () => {
  it('are ours until they are written anew, and go back to ours', () => {
    const deciding = new DecidingModel();
    deciding.rule = 'borda';
    expect(deciding.instruction('review')).toBe(OUR_INSTRUCTIONS.review);
    expect(deciding.optionsFor(IDS).instructions).toBeUndefined();
    deciding.instruct('review', 'Shortest first.');
    expect(deciding.isOwn('review')).toBe(true);
    expect(deciding.optionsFor(IDS).instructions).toEqual({ review: 'Shortest first.' });
    deciding.instruct('review', null);
    expect(deciding.isOwn('review')).toBe(false);
    deciding.instruct('review', OUR_INSTRUCTIONS.review);
    expect(deciding.isOwn('review')).toBe(false);
    // An empty box is no instruction, and stays empty while somebody writes.
    deciding.instruct('review', '');
    expect(deciding.instruction('review')).toBe('');
    expect(deciding.optionsFor(IDS).instructions).toBeUndefined();
  });

  it('go along only where somebody is told them', () => {
    const deciding = new DecidingModel();
    deciding.instruct('review', 'Shortest first.');
    deciding.instruct('chairman', 'The shortest.');
    expect(deciding.optionsFor(IDS).instructions).toBeUndefined();
    deciding.rule = 'chairman';
    expect(deciding.optionsFor(IDS).instructions).toEqual({ chairman: 'The shortest.' });
  });
});

it('goes with the next question', async () => {
  const ports = new FakePorts(new VirtualClock());
  const options: unknown[] = [];
  const ask = ports.council.ask.bind(ports.council);
  ports.council.ask = (signal, prompt, asked) => {
    options.push(asked);
    return ask(signal, prompt, asked);
  };
  const model = new CouncilModel(ports);
  void model.ask('');
  const deciding = new DecidingModel();
  deciding.rule = 'plurality';
  deciding.weights['alder'] = 2;
  await Promise.resolve();
  const second = new CouncilModel(ports);
  second.deciding = deciding;
  void second.ask('');
  expect(options).toEqual([
    { allowRemote: false },
    { rule: 'plurality', samples: 1, stop: 'exact', weights: { alder: 2 }, allowRemote: false },
  ]);
});
