import { expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { outcomeOf } from '../../../src/app/outcome-of.ts';

const NEVER = new AbortController().signal;

it('is what the task says', async () => {
  expect(await outcomeOf(NEVER, () => Promise.resolve(ok(1)))).toEqual(ok(1));
  const refused = err(failure('storage-failed', {}));
  expect(await outcomeOf(NEVER, () => Promise.resolve(refused))).toEqual(refused);
});

it('is a failure where the task throws, at once or later', async () => {
  const thrown = (): Promise<Outcome<never>> => {
    throw new Error('at once');
  };
  for (const task of [thrown, () => Promise.reject<Outcome<never>>(new Error('later'))])
    expect(await outcomeOf(NEVER, task)).toMatchObject({ ok: false });
});

it('is cancelled as soon as the signal says, whatever the task waits for', async () => {
  const stop = new AbortController();
  const waiting = outcomeOf(stop.signal, () => new Promise<Outcome<null>>(() => undefined));
  stop.abort();
  expect(await waiting).toEqual(err(failure('cancelled')));
  let begun = false;
  const task = (): Promise<Outcome<null>> => {
    begun = true;
    return Promise.resolve(ok(null));
  };
  expect(await outcomeOf(stop.signal, task)).toEqual(err(failure('cancelled')));
  expect(begun).toBe(false);
});
