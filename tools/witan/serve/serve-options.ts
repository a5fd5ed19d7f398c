import { misuse } from '../failures.ts';
import { LEAVABLE, type Leavable } from './asking.ts';
import { isLoopback, type GuardOptions } from './guard.ts';

export interface ServeOptions extends GuardOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Questions that may wait besides the one that is answered. */
  readonly queue: number;
  /** The operator's yes to members on servers, for every question. */
  readonly allowRemote: boolean;
  readonly leaveOut: readonly Leavable[];
}

export type ServeValues = Readonly<
  Partial<Record<'port' | 'host' | 'token' | 'allow-origin' | 'queue' | 'leave-out', string | undefined>>
> & { readonly 'allow-remote': boolean };

/** Next to the ports of `npm start` and of the driver's own copy of the app. */
const DEFAULT_PORT = 4184;
const HIGHEST_PORT = 65_535;
/** As many as the council itself lets wait. */
const DEFAULT_QUEUE = 8;
/** Hundreds would only time out in the queue. */
const LONGEST_QUEUE = 64;
/** Arguments are seen by everybody on the machine (`ps`); the environment is not. */
const TOKEN_VARIABLE = 'WITAN_SERVE_TOKEN';

function whole(name: string, text: string | undefined, preset: number, most: number): number {
  if (text === undefined) return preset;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > most)
    throw misuse(`--${name} takes a whole number from 0 to ${most}, not "${text}"`);
  return value;
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}

function originOf(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  // "null" is the origin of sandboxed frames and local files: whoever allows it allows everybody.
  if (origin === 'null')
    throw misuse(`--allow-origin takes origins like http://localhost:4173, not "${text}"`);
  return origin;
}

function leavableOf(text: string): Leavable {
  const found = LEAVABLE.find((each) => each === text);
  if (found === undefined) throw misuse(`--leave-out takes ${LEAVABLE.join(', ')}, not "${text}"`);
  return found;
}

/** @throws DriverFailure with code `usage` */
export function readServe(values: ServeValues, env: NodeJS.ProcessEnv): ServeOptions {
  const host = values.host ?? '127.0.0.1';
  const token = values.token ?? env[TOKEN_VARIABLE] ?? null;
  if (token !== null && !/^[\x21-\x7e]{8,}$/.test(token))
    throw misuse('--token takes at least 8 printable ASCII characters without spaces');
  if (host === '' || /[\s/]/.test(host)) throw misuse(`--host takes a name or an address, not "${host}"`);
  if (!isLoopback(host) && token === null)
    throw misuse(`--host ${host} can be reached by other machines: it needs --token, or ${TOKEN_VARIABLE}`);
  return {
    port: whole('port', values.port, DEFAULT_PORT, HIGHEST_PORT),
    host,
    token,
    allowOrigins: listOf(values['allow-origin']).map(originOf),
    queue: whole('queue', values.queue, DEFAULT_QUEUE, LONGEST_QUEUE),
    allowRemote: values['allow-remote'],
    leaveOut: listOf(values['leave-out']).map(leavableOf),
  };
}
