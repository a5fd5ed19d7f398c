import { describe, expect, it } from 'vitest';
import type { MemberFallback } from '#contracts/council';
import { failure } from '#contracts/errors';
import {
  backendWords,
  canRestart,
  fallbackWords,
  memberProblem,
  stateWords,
} from '../../../../src/ui/council/member-words.ts';
import { member, memberView } from '../../../fakes/port-data.ts';

const part = (change: Partial<Parameters<typeof stateWords>[1]> = {}) => ({
  started: true,
  tokens: 0,
  outcome: null,
  ...change,
});

describe('stateWords', () => {
  it('follows a member from the question to its vote', () => {
    expect(stateWords('ready', null).text).toBe('Ready');
    expect(stateWords('ready', part({ started: false })).text).toBe('Waiting');
    expect(stateWords('thinking', part()).text).toBe('Reading');
    expect(stateWords('thinking', part({ tokens: 3 })).text).toBe('Writing');
    expect(stateWords('ready', part({ outcome: member('alder') })).text).toBe('Answered');
  });

  it('shows a lost member as lost, also when it has come back', () => {
    const outcome = member('alder', { status: 'lost', key: null });
    expect(stateWords('restarting', part({ outcome })).text).toBe('Lost, restarting');
    expect(stateWords('ready', part({ outcome })).text).toBe('Lost, ready again');
    expect(stateWords(null, part({ outcome })).text).toBe('Lost');
  });
});

describe('a member that is asked anew after its worker was lost', () => {
  it('is shown lost while it restarts, and keeps saying so when it has answered', () => {
    expect(stateWords('restarting', part()).text).toBe('Lost, restarting');
    const answered = member('alder', { restarts: 1 });
    expect(stateWords('ready', part({ outcome: answered })).text).toBe('Lost, came back. Answered');
    expect(stateWords(null, part({ outcome: answered })).text).toBe('Lost, came back. Answered');
    expect(stateWords('ready', part({ outcome: member('alder') })).text).toBe('Answered');
  });
});

describe('fallbackWords', () => {
  const view = (change: Partial<MemberFallback>) =>
    memberView('alder', {
      fallback: {
        because: 'out-of-memory',
        changes: ['context'],
        chosen: 'Llama 3.2 3B',
        now: 'Llama 3.2 3B',
        contextTokens: 1024,
        ...change,
      },
    });

  it('say what a member is instead of what was chosen, and why', () => {
    expect(fallbackWords(memberView('alder'))).toBeNull();
    expect(fallbackWords(null)).toBeNull();
    expect(fallbackWords(view({}))).toBe(
      'There was not enough memory for Llama 3.2 3B. It runs smaller now, with 1,024 tokens of context.',
    );
    expect(
      fallbackWords(view({ because: 'died-while-loading', changes: ['model'], now: 'SmolLM2 360M' })),
    ).toBe('Loading Llama 3.2 3B ended this page the last time. It is SmolLM2 360M now.');
  });

  it('leave out a reason whose figures are not known any more', () => {
    expect(fallbackWords(view({ because: 'feature-missing', changes: ['quantization'] }))).toBe(
      'It runs smaller now, with 1,024 tokens of context.',
    );
  });
});

describe('memberProblem', () => {
  it('shows why a member failed to load', () => {
    const problem = failure('model-invalid', { model: 'Alder' });
    expect(memberProblem(memberView('alder', { state: 'failed', problem }), null)).toBe(problem);
  });

  it('rebuilds the failure of a record from its code, and drops what it cannot tell', () => {
    expect(memberProblem(null, member('alder', { status: 'lost', error: 'worker-lost' }))?.code).toBe(
      'worker-lost',
    );
    expect(memberProblem(null, member('alder', { status: 'failed', error: 'deadline-exceeded' }))).toBeNull();
    expect(memberProblem(null, member('alder', { status: 'failed', error: 'unheard-of' }))).toBeNull();
    expect(memberProblem(null, member('alder'))).toBeNull();
  });
});

describe('cards', () => {
  it('offer a retry only where nothing restarts by itself', () => {
    expect(canRestart('failed', null)).toBe(true);
    expect(canRestart('restarting', member('alder', { status: 'lost' }))).toBe(false);
    expect(canRestart('absent', member('alder', { status: 'lost' }))).toBe(true);
  });

  it('name threads once they are known', () => {
    expect(backendWords('cpu', null)).toBe('CPU');
    expect(backendWords('cpu', 2)).toBe('CPU, 2\u00a0threads');
  });
});
