import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { EngineLost, WllamaActions } from '../../../../workers/inference/wllama-actions.ts';
import { turn } from '../../../fakes/turn.ts';
import { ScriptedCore } from './wllama-scripted-core.ts';

let core: ScriptedCore;
let mayStep: (() => void)[];
let paced: boolean;
let actions: WllamaActions;

beforeEach(() => {
  core = new ScriptedCore();
  mayStep = [];
  paced = false;
  actions = new WllamaActions(core, () =>
    paced ? new Promise((resolve) => mayStep.push(resolve)) : Promise.resolve(),
  );
});

/** A step of a request of its own, unless a signal says whose it is. */
const step = (id: number, signal = new AbortController().signal): Promise<unknown> =>
  actions.step(signal, 'get_result', { req_id: id });

interface Watched {
  value?: unknown;
  thrown?: unknown;
}

function watch(promise: Promise<unknown>): Watched {
  const seen: Watched = {};
  promise.then(
    (value) => {
      seen.value = value;
    },
    (thrown: unknown) => {
      seen.thrown = thrown;
    },
  );
  return seen;
}

describe('one at a time', () => {
  it('gives the next action to wllama when the last is answered', async () => {
    const first = step(1);
    const second = step(2);
    await turn();
    expect(core.names).toEqual(['get_result 1']);
    core.at(0).answer('one');
    expect(await first).toBe('one');
    await turn();
    expect(core.names).toEqual(['get_result 1', 'get_result 2']);
    core.at(1).answer('two');
    expect(await second).toBe('two');
  });

  it('fails the culprit alone', async () => {
    const [culprit, neighbour] = [watch(step(1)), watch(step(2))];
    await turn();
    core.at(0).fail(new Error('Invalid typed array length: 1163217991'));
    await turn();
    expect(culprit.thrown).toBeInstanceOf(Error);
    core.at(1).answer('two');
    await turn();
    expect(neighbour).toEqual({ value: 'two' });
  });

  it('lets what is urgent go before the steps that wait', async () => {
    const all = [step(1), step(2), step(3)];
    await turn();
    const cancel = actions.now('cancel', { req_id: 2 });
    core.at(0).answer(null);
    await turn();
    expect(core.names).toEqual(['get_result 1', 'cancel 2']);
    core.last.answer('done');
    expect(await cancel).toBe('done');
    for (const index of [2, 3]) {
      await turn();
      core.at(index).answer(null);
    }
    await Promise.all(all);
    expect(core.names.slice(2)).toEqual(['get_result 2', 'get_result 3']);
  });
});

describe('a step that is asked for ahead', () => {
  const { signal: own } = new AbortController();

  it('reaches wllama before the one before it is answered, and no third one does', async () => {
    const [first, second, third] = [1, 2, 3].map(() => step(7, own));
    await turn();
    expect(core.actions).toHaveLength(2);
    core.at(0).answer('one');
    expect(await first).toBe('one');
    await turn();
    expect(core.actions).toHaveLength(3);
    core.at(1).answer('two');
    core.at(2).answer('three');
    expect(await Promise.all([second, third])).toEqual(['two', 'three']);
  });

  it('waits its turn behind a step of another', async () => {
    const others = new AbortController().signal;
    for (const signal of [own, others, own]) void step(7, signal);
    await turn();
    expect(core.actions).toHaveLength(1);
    core.at(0).answer(null);
    await turn();
    expect(core.actions).toHaveLength(2);
    core.at(1).answer(null);
    await turn();
    expect(core.actions).toHaveLength(3);
  });

  it('is heard to its end before anything urgent: it may throw, and wllama would fail both', async () => {
    void step(7, own);
    void step(7, own);
    await turn();
    const begin = actions.now('completion', {});
    core.at(0).answer(null);
    await turn();
    expect(core.names).toEqual(['get_result 7', 'get_result 7']);
    core.at(1).answer(null);
    await turn();
    core.last.answer('begun');
    expect(await begin).toBe('begun');
  });

  it('keeps the pace as every step does', async () => {
    paced = true;
    void step(7, own);
    void step(7, own);
    for (const sent of [1, 2]) {
      await turn();
      expect(mayStep).toHaveLength(sent);
      mayStep.at(-1)?.();
      await turn();
      expect(core.actions).toHaveLength(sent);
    }
  });

  it('is lost with the one before it', async () => {
    const seen = [watch(step(7, own)), watch(step(7, own))];
    await turn();
    actions.lose(failure('worker-lost', { model: 'Alder' }));
    await turn();
    for (const { thrown } of seen) expect(thrown).toBeInstanceOf(EngineLost);
  });
});

describe('the pace', () => {
  it('is asked for anew when the step that it was meant for is gone', async () => {
    paced = true;
    const stop = new AbortController();
    void step(1, stop.signal);
    await turn();
    stop.abort();
    mayStep[0]?.();
    await turn();
    void step(2);
    await turn();
    expect(mayStep).toHaveLength(2);
    expect(core.actions).toHaveLength(0);
  });

  it('is kept before each step', async () => {
    paced = true;
    const stepping = step(1);
    await turn();
    expect(core.actions).toHaveLength(0);
    mayStep[0]?.();
    await turn();
    core.at(0).answer('one');
    expect(await stepping).toBe('one');
  });

  it('holds nothing urgent back, and is not cut short by it', async () => {
    paced = true;
    void step(1);
    await turn();
    const cancel = actions.now('cancel', { req_id: 9 });
    await turn();
    expect(core.names).toEqual(['cancel 9']);
    core.at(0).answer('done');
    await cancel;
    await turn();
    expect(core.names).toEqual(['cancel 9']);
    mayStep.at(-1)?.();
    await turn();
    expect(core.names).toEqual(['cancel 9', 'get_result 1']);
  });

  it('is not cut short by another step', async () => {
    paced = true;
    void step(1);
    await turn();
    void step(2);
    await turn();
    expect(core.actions).toHaveLength(0);
  });
});

describe('an abort', () => {
  it('takes a step that waits out of the queue at once', async () => {
    void step(1);
    const stop = new AbortController();
    const waiting = step(2, stop.signal);
    await turn();
    stop.abort();
    expect(await waiting).toBeNull();
    core.at(0).answer(null);
    await turn();
    expect(core.names).toEqual(['get_result 1']);
  });

  it('lets a step that runs end: its result belongs to somebody', async () => {
    const stop = new AbortController();
    const running = watch(step(1, stop.signal));
    await turn();
    stop.abort();
    await turn();
    expect(running).toEqual({});
    core.at(0).answer('one');
    await turn();
    expect(running).toEqual({ value: 'one' });
  });

  it('before the step asks wllama nothing', async () => {
    expect(await step(1, AbortSignal.abort())).toBeNull();
    expect(core.actions).toHaveLength(0);
  });
});

describe('a loss', () => {
  const problem = failure('worker-lost', { model: 'Alder' });

  it('fails what runs, what waits and what comes', async () => {
    const seen = [watch(step(1)), watch(step(2)), watch(actions.now('cancel', {}))];
    await turn();
    actions.lose(problem);
    await turn();
    seen.push(watch(step(3)), watch(actions.now('completion', {})));
    await turn();
    for (const { thrown } of seen) expect((thrown as EngineLost).problem).toBe(problem);
  });

  it('while the pace holds a step back fails it too', async () => {
    paced = true;
    const waiting = watch(step(1));
    await turn();
    actions.lose(problem);
    await turn();
    expect(waiting.thrown).toBeInstanceOf(EngineLost);
  });

  it('counts once', async () => {
    actions.lose(problem);
    actions.lose(failure('cancelled'));
    const seen = watch(step(1));
    await turn();
    expect((seen.thrown as EngineLost).problem).toBe(problem);
  });
});
