import { beforeEach, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { EndpointPool } from '../../../../src/engines/remote/endpoint-pool.ts';
import { EndpointState } from '../../../../src/engines/remote/endpoint-state.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import { endpoint } from './remote-rig.ts';

const NONE: ReadonlySet<EndpointState> = new Set();
const DOWN = failure('remote-unreachable', {});

let clock: VirtualClock;
let a: EndpointState;
let b: EndpointState;
let pool: EndpointPool;

beforeEach(() => {
  clock = new VirtualClock();
  a = new EndpointState(endpoint('a', 'http://a.example/v1'), clock);
  b = new EndpointState(endpoint('b', 'http://b.example/v1'), clock);
  pool = new EndpointPool([a, b]);
});

/** A request that was answered, its first token after `latencyMs`. */
function answered(state: EndpointState, latencyMs: number): void {
  const visit = state.enter();
  visit.alive(latencyMs);
  visit.succeeded();
}

function failed(state: EndpointState, times: number, problem = DOWN): void {
  for (let done = 0; done < times; done += 1) state.enter().failed(problem);
}

it('follows the order of the user while nothing is measured, and measures every server', () => {
  expect(pool.choose('x', NONE)).toBe(a);
  answered(a, 100);
  expect(pool.choose('x', NONE)).toBe(b);
});

it('sends a new conversation where the first token is expected soonest', () => {
  answered(a, 300);
  answered(b, 100);
  expect(pool.choose('new', NONE)).toBe(b);
});

it('counts what is under way: two at the quick one cost as much as one at the slower', () => {
  answered(a, 300);
  answered(b, 100);
  b.enter();
  expect(pool.choose('new', NONE)).toBe(b); // 200 against 300
  b.enter();
  b.enter();
  expect(pool.choose('new', NONE)).toBe(a); // 400 against 300
});

it('leaves a conversation where its prompt is cached, though another server is quicker', () => {
  answered(a, 300);
  answered(b, 100);
  pool.bind('old', a);
  expect(pool.choose('old', NONE)).toBe(a);
  expect(pool.choose('new', NONE)).toBe(b);
});

it('moves a conversation when its server had a fault, and moves it for good', () => {
  pool.bind('old', a);
  answered(a, 10);
  answered(b, 500);
  failed(a, 1);
  expect(pool.choose('old', NONE)).toBe(b);
  pool.bind('old', b);
  answered(a, 10);
  expect(pool.choose('old', NONE)).toBe(b);
});

it('asks a suspect server only when no other is left', () => {
  answered(a, 10);
  failed(a, 1);
  answered(b, 900);
  expect(pool.choose('x', NONE)).toBe(b);
  expect(pool.choose('x', new Set([b]))).toBe(a);
  expect(pool.choose('x', new Set([a, b]))).toBeNull();
});

it('leaves a server alone whose breaker is open, until its pause is over; then one request tries it', () => {
  failed(a, 3);
  failed(b, 3);
  expect(pool.choose('x', NONE)).toBeNull();
  expect(pool.restMs(NONE)).toBeNull(); // not waited for
  clock.advance(10_000);
  expect(pool.restMs(NONE)).toBe(0);
  expect(pool.choose('x', NONE)).toBe(a);
  a.enter();
  expect(pool.choose('x', NONE)).toBe(b);
});

it('respects the rest that a server asks for, for every member that uses it', () => {
  const other = new EndpointPool([a]);
  failed(a, 1, failure('remote-busy', { status: 429, retryAfterMs: 5_000 }));
  expect(other.choose('x', NONE)).toBeNull();
  expect(other.restMs(NONE)).toBe(5_000);
  expect(pool.restMs(NONE)).toBe(0); // b is free
  clock.advance(5_000);
  expect(other.choose('x', NONE)).toBe(a);
});

it('does not take a quick health check for a quick first token', () => {
  answered(a, 300);
  answered(b, 100);
  a.enter().healthy(1);
  expect(a.health().lastLatencyMs).toBe(1);
  expect(pool.choose('new', NONE)).toBe(b);
});

it('says how each server is, without its address', () => {
  answered(a, 120);
  failed(b, 1, failure('remote-refused', { status: 401, reason: 'key' }));
  a.enter();
  expect(a.health()).toEqual({
    endpointId: 'a',
    state: 'ok',
    lastLatencyMs: 120,
    breaker: 'closed',
    inFlight: 1,
    checkedAt: clock.epochMs(),
  });
  expect(b.health()).toMatchObject({ state: 'refused', lastLatencyMs: null, breaker: 'closed', inFlight: 0 });
  expect(JSON.stringify([a.health(), b.health()])).not.toContain('example');
});

it.each([
  ['remote-busy', 'busy'],
  ['remote-refused', 'refused'],
  ['remote-unreachable', 'unreachable'],
  ['remote-silent', 'silent'],
  ['remote-failed', 'failed'],
  ['context-exceeded', 'ok'],
] as const)('%s is shown as %s', (code, state) => {
  failed(a, 1, failure(code, {}));
  expect(a.health().state).toBe(state);
});
