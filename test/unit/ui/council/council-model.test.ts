import { beforeEach, describe, expect, it } from 'vitest';
import { CouncilModel } from '../../../../src/ui/council/council-model.svelte.ts';
import { deliberation } from '../../../fakes/port-data.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

/** Lets resolved promises run on; no time passes. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    await settle();
  }
}

describe('CouncilModel', () => {
  let clock: VirtualClock;
  let ports: FakePorts;
  let model: CouncilModel;

  beforeEach(async () => {
    clock = new VirtualClock();
    ports = new FakePorts(clock, {
      records: [deliberation({ id: 'old', prompt: 'Sort 3, 1', answer: '1, 3' })],
    });
    model = new CouncilModel(ports);
    model.connect();
    await settle();
  });

  it('waits for the members, streams, and ends with the answer announced once', async () => {
    const asked = model.ask('What is 38 + 47?');
    await settle();
    expect(model.running).toBe(true);
    expect(model.waitingFor).toBe('What is 38 + 47?');
    expect(model.members.every((member) => member.state === 'loading')).toBe(true);
    await pass(clock, 350);
    expect(model.waitingFor).toBeNull();
    expect(model.round?.part('alder')?.text).toBe('8');
    expect(model.announcement).toBe('');
    await pass(clock, 500);
    await asked;
    expect(model.running).toBe(false);
    expect(model.shown?.answer).toBe('85');
    expect(model.announcement).toMatch(/^The council answers: 85\./);
  });

  it('refuses a second question while one runs', async () => {
    void model.ask('What is 38 + 47?');
    await settle();
    await model.ask('Sort 3, 1');
    expect(ports.calls.filter((call) => call.startsWith('council.ask'))).toHaveLength(1);
  });

  it('keeps the draft and names the failure of a question that is too long', async () => {
    model.draft = 'x'.repeat(121);
    await model.ask(model.draft);
    expect(model.problem?.code).toBe('prompt-too-long');
    expect(model.draft).toHaveLength(121);
    expect(model.running).toBe(false);
  });

  it('stops a question whose members are still loading', async () => {
    const asked = model.ask('What is 38 + 47?');
    await settle();
    model.stopAll();
    await pass(clock, 400);
    await asked;
    expect(model.running).toBe(false);
    expect(model.problem?.code).toBe('cancelled');
    expect(model.round).toBeNull();
  });

  it('loads the members once when somebody begins to type', async () => {
    model.warmUp();
    model.warmUp();
    await settle();
    expect(ports.calls.filter((call) => call === 'council.prepare')).toHaveLength(1);
  });

  it('shows a record instead of the round, rates it, and goes back', async () => {
    await model.open('old');
    expect(model.question).toBe('Sort 3, 1');
    await model.rate('good');
    expect(model.record?.rating).toBe('good');
    await model.open(null);
    expect(model.shown).toBeNull();
    await model.open('gone');
    expect(model.problem?.code).toBe('record-invalid');
  });

  it('asks the members, not what they said before, when a question is asked again', async () => {
    void model.ask('What is 38 + 47?');
    await pass(clock, 1_000);
    await model.loadTalk(); // in real time, while the virtual clock runs on
    void model.askAgain();
    await pass(clock, 1_000);
    expect(ports.calls.filter((call) => call.startsWith('council.ask'))).toEqual([
      'council.ask What is 38 + 47?',
      'council.ask What is 38 + 47? (fresh)',
    ]);
  });

  it('follows rounds that somebody else started', async () => {
    void ports.council.ask(new AbortController().signal, 'Is 91 divisible by 7?');
    await pass(clock, 1_000);
    expect(model.question).toBe('Is 91 divisible by 7?');
    expect(model.shown?.answer).toBe('85');
  });
});
