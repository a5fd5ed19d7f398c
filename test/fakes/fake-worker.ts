import type { HeartbeatMessage, WorkerHello } from '#contracts/worker-api';
import type { WorkerLike } from '../../src/platform/worker-supervisor.ts';
import { turn } from './turn.ts';

/** A worker without a thread: it takes the page's first message, and echoes pings while it is told to. */
export class FakeWorker implements WorkerLike {
  hello: WorkerHello | null = null;
  terminated = 0;
  pings: number[] = [];
  /** False: the worker hangs, or is gone without a word. */
  echoes = true;
  #onError: (event: Event) => void = () => undefined;

  postMessage(message: unknown, transfer: Transferable[]): void {
    const hello = message as WorkerHello;
    if (!transfer.includes(hello.heartbeat) || !transfer.includes(hello.control)) {
      throw new Error('both ports have to be transferred');
    }
    this.hello = hello;
    hello.heartbeat.onmessage = (event: MessageEvent<HeartbeatMessage>) => {
      if (event.data.type !== 'ping') return;
      this.pings.push(event.data.count);
      if (this.echoes) this.say(event.data);
    };
  }

  terminate(): void {
    this.terminated += 1;
    this.echoes = false;
  }

  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void {
    if (type === 'error') this.#onError = listener;
  }

  say(message: HeartbeatMessage): void {
    this.hello?.heartbeat.postMessage(message);
  }

  raiseError(): void {
    this.#onError(new Event('error'));
  }

  /** As a browser does when the page drops the worker: node would otherwise keep the ports alive. */
  closePorts(): void {
    this.hello?.heartbeat.close();
    this.hello?.control.close();
  }
}

/** Messages between ports take a few turns of the event loop; waits until `done` or many turns have passed. */
export async function delivered(done: () => boolean = () => false): Promise<void> {
  for (let turns = 0; turns < 20 && !done(); turns += 1) await turn();
}
