import { whatHappened, whatNext } from '../../src/contracts/error-messages.ts';
import type { Outcome, WitanFailure } from '../../src/contracts/errors.ts';
import type { ErrorDocument } from '../../src/contracts/headless.ts';

/** Why the driver ends without a document of its verb. `exitCode` 2 is a misuse. */
export class DriverFailure extends Error {
  override readonly name = 'DriverFailure';
  readonly code: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly exitCode: 1 | 2;

  constructor(
    code: string,
    message: string,
    details: DriverFailure['details'] = {},
    exitCode: DriverFailure['exitCode'] = 1,
  ) {
    super(message);
    this.code = code;
    this.details = details;
    this.exitCode = exitCode;
  }
}

/** A misuse: wrong verb, option or argument. */
export function misuse(problem: string): DriverFailure {
  return new DriverFailure('usage', problem, {}, 2);
}

/** A failure that the app reported, with the texts that a person would read on the page. */
export function appFailure(problem: WitanFailure): DriverFailure {
  const details =
    problem.cause === undefined ? problem.details : { ...problem.details, cause: problem.cause };
  return new DriverFailure(problem.code, `${whatHappened(problem)} ${whatNext(problem)}`, details);
}

/** The value of an outcome. @throws DriverFailure when it is a failure */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw appFailure(outcome.error);
}

export function errorDocument(failure: DriverFailure): ErrorDocument {
  const { code, message, details } = failure;
  return { schema: 'witan.error', version: 1, error: { code, message, details: { ...details } } };
}

/** Anything thrown as a failure of the driver. */
export function driverFailureOf(thrown: unknown): DriverFailure {
  if (thrown instanceof DriverFailure) return thrown;
  const message = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
  return new DriverFailure('internal', message);
}
