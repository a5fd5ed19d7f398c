import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServeDocument } from '../../../src/contracts/headless.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** `witan serve` as a person starts it, in a process of its own. */
export class WitanServe {
  readonly document: ServeDocument;
  /** What it wrote on standard error. */
  readonly lines: readonly string[];
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;

  private constructor(
    child: ChildProcess,
    document: ServeDocument,
    lines: readonly string[],
    exited: Promise<number | null>,
  ) {
    this.#process = child;
    this.document = document;
    this.lines = lines;
    this.exited = exited;
  }

  /** @throws Error with its log when it ends before it listens */
  static async start(...options: readonly string[]): Promise<WitanServe> {
    const argv = ['--import', 'tsx', 'tools/witan/main.ts', 'serve', '--json', '--port', '0', ...options];
    const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => {
        resolve(code);
      });
    });
    const document = await new Promise<ServeDocument>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => {
        resolve(JSON.parse(line) as ServeDocument);
      });
      void exited.then((code) => {
        reject(new Error(`ended with ${String(code)}: ${lines.join('\n')}`));
      });
    });
    return new WitanServe(child, document, lines, exited);
  }

  get url(): string {
    return this.document.url;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** @returns its exit code */
  stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.exited;
  }

  /** Processes of the pages that it has open (Linux), for faults. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }
}
