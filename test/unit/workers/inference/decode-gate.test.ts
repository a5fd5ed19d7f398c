import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TokenChunk } from '#contracts/engine';
import type { StreamToPage, StreamToWorker } from '#contracts/worker-api';
import { DecodeGate } from '../../../../workers/inference/decode-gate.ts';

/** The worker's end of the stream, without a thread: messages arrive when the test says so. */
class FakePort {
  readonly sent: StreamToPage[] = [];
  closed = false;
  onmessage: ((event: MessageEvent<StreamToWorker>) => void) | null = null;

  postMessage(message: StreamToPage): void {
    if (this.closed) throw new Error('nothing may be sent on a closed port');
    this.sent.push(message);
  }

  close(): void {
    this.closed = true;
  }

  receive(message: StreamToWorker): void {
    this.onmessage?.(new MessageEvent('message', { data: message }));
  }

  /** The chunks among what was sent. */
  get chunks(): TokenChunk[] {
    return this.sent.flatMap((message) => (message.type === 'chunk' ? [message.chunk] : []));
  }

  get text(): string {
    return this.chunks.map((chunk) => chunk.text).join('');
  }
}

const CREDIT: StreamToWorker = { type: 'credit', credits: 1 };

function gateOn(port: FakePort, flushIntervalMs = 16, decodeDelayMs = 0): DecodeGate {
  return new DecodeGate(port as unknown as MessagePort, { flushIntervalMs, decodeDelayMs });
}

/** Whether the next decode step may begin by now. */
function stepOf(gate: DecodeGate): () => boolean {
  let free = false;
  void gate.beforeStep().then(() => {
    free = true;
  });
  return () => free;
}

const pass = (forMs: number): Promise<unknown> => vi.advanceTimersByTimeAsync(forMs);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('towards the page', () => {
  it('sends the first token at once and gathers the next ones for the interval', async () => {
    const port = new FakePort();
    const gate = gateOn(port);
    gate.onToken('a');
    expect(port.text).toBe('a');
    gate.onToken('b');
    await pass(8);
    gate.onToken('c');
    expect(port.sent).toHaveLength(1);
    await pass(8);
    expect(port.sent).toHaveLength(2);
    expect(port.sent[1]).toEqual({ type: 'chunk', chunk: { text: 'bc', tokens: 3, elapsedMs: 16 } });
  });

  it('sends at once what comes after a pause', async () => {
    const port = new FakePort();
    const gate = gateOn(port);
    gate.onToken('a');
    await pass(100);
    gate.onToken('b');
    expect(port.text).toBe('ab');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends the rest when it closes, and leaves no timer', async () => {
    const port = new FakePort();
    const gate = gateOn(port, 1000);
    gate.onToken('a');
    gate.onToken('b');
    gate.close();
    expect(port).toMatchObject({ text: 'ab', closed: true });
    expect(vi.getTimerCount()).toBe(0);
    await pass(2000);
    expect(port.sent).toHaveLength(2);
  });

  it('takes a new interval from the next token on', async () => {
    const port = new FakePort();
    const gate = gateOn(port, 16);
    gate.onToken('a');
    gate.setPacing({ flushIntervalMs: 100, decodeDelayMs: 0 });
    gate.onToken('b');
    await pass(99);
    expect(port.text).toBe('a');
    await pass(1);
    expect(port.text).toBe('ab');
  });
});

describe('while there is nothing to show', () => {
  const working = { type: 'working' };

  it('says at most twice a second that the engine works, and spends no credit on it', async () => {
    const port = new FakePort();
    const gate = gateOn(port);
    for (let step = 0; step < 30; step += 1) {
      gate.onSilentStep();
      await pass(100);
    }
    expect(port.sent).toEqual(Array.from({ length: 5 }, () => working));
    const free = stepOf(gate);
    await pass(0);
    expect(free()).toBe(true);
  });

  it('is silent while text comes, after a stop and after the end', async () => {
    const port = new FakePort();
    const gate = gateOn(port);
    await pass(450);
    gate.onToken('a');
    await pass(450);
    gate.onSilentStep();
    expect(port.sent).toHaveLength(1);
    await pass(100);
    port.receive({ type: 'stop' });
    gate.onSilentStep();
    gate.close();
    gate.onSilentStep();
    expect(port.sent).toHaveLength(1);
  });
});

describe('towards the engine', () => {
  it('holds a step back while the page has not taken four chunks', async () => {
    const port = new FakePort();
    const gate = gateOn(port, 0);
    for (const token of ['a', 'b', 'c']) gate.onToken(token);
    expect(port.sent).toHaveLength(3);
    const free = stepOf(gate);
    await pass(0);
    expect(free()).toBe(true);
    gate.onToken('d');
    const held = stepOf(gate);
    await pass(60_000);
    expect(held()).toBe(false);
    port.receive(CREDIT);
    await pass(0);
    expect(held()).toBe(true);
  });

  it('lets a step go on at once when the page says stop', async () => {
    const port = new FakePort();
    const gate = gateOn(port, 0, 500);
    for (const token of ['a', 'b', 'c', 'd']) gate.onToken(token);
    const held = stepOf(gate);
    await pass(10);
    expect(held()).toBe(false);
    port.receive({ type: 'stop' });
    await pass(0);
    expect(held()).toBe(true);
    expect(gate.signal.aborted).toBe(true);
    const next = stepOf(gate);
    await pass(0);
    expect(next()).toBe(true);
  });

  it('rests after each token for as long as the pace says', async () => {
    const gate = gateOn(new FakePort(), 0, 40);
    const first = stepOf(gate);
    await pass(0);
    expect(first()).toBe(true); // no token yet: the first is not delayed
    gate.onToken('a');
    const second = stepOf(gate);
    await pass(39);
    expect(second()).toBe(false);
    await pass(1);
    expect(second()).toBe(true);
  });

  it('ends a rest early when the pace gets faster, and lengthens it when it gets slower', async () => {
    const gate = gateOn(new FakePort(), 0, 100);
    gate.onToken('a');
    const held = stepOf(gate);
    await pass(50);
    gate.setPacing({ flushIntervalMs: 0, decodeDelayMs: 200 });
    await pass(100);
    expect(held()).toBe(false);
    gate.setPacing({ flushIntervalMs: 0, decodeDelayMs: 10 });
    await pass(0);
    expect(held()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('figures', () => {
  it('measure first token and speed from the arrival of the request', async () => {
    const gate = gateOn(new FakePort());
    expect(gate).toMatchObject({
      timeToFirstTokenMs: null,
      decodeTokensPerSecond: null,
      tokens: 0,
      text: '',
    });
    await pass(30);
    gate.onToken('a');
    expect(gate).toMatchObject({ timeToFirstTokenMs: 30, decodeTokensPerSecond: null });
    await pass(10);
    gate.onToken('b');
    await pass(10);
    gate.onToken('c');
    expect(gate).toMatchObject({ decodeTokensPerSecond: 100, elapsedMs: 50, tokens: 3, text: 'abc' });
    gate.close();
  });
});

it('loses no text, keeps its order and never runs far ahead of the page', async () => {
  const moves = fc.array(
    fc.oneof(
      fc.record({ move: fc.constant('token'), text: fc.string({ minLength: 1, maxLength: 3 }) }),
      fc.record({ move: fc.constant('pass'), forMs: fc.nat(50) }),
      fc.record({ move: fc.constant('credit') }),
      fc.record({ move: fc.constant('pace'), flushIntervalMs: fc.nat(100), decodeDelayMs: fc.nat(30) }),
    ),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(moves, async (script) => {
      const port = new FakePort();
      const gate = gateOn(port);
      let wanted = '';
      let credited = 0;
      let mayStep = stepOf(gate);
      await pass(0);
      for (const each of script) {
        // An engine decodes only when the gate lets it.
        if ('text' in each && mayStep()) {
          wanted += each.text;
          gate.onToken(each.text);
          mayStep = stepOf(gate);
        } else if ('forMs' in each) {
          await pass(each.forMs);
        } else if ('decodeDelayMs' in each) {
          gate.setPacing(each);
        } else if (each.move === 'credit' && credited < port.sent.length) {
          credited += 1;
          port.receive(CREDIT);
        }
        await pass(0);
        expect(wanted.startsWith(port.text)).toBe(true);
        // Four credits, and one more chunk that was gathered before the last of them was spent.
        expect(port.sent.length - credited).toBeLessThanOrEqual(5);
      }
      gate.close();
      await pass(0);
      expect(port.text).toBe(wanted);
      expect(gate.text).toBe(wanted);
      expect(mayStep()).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
      const counts = port.chunks.map((chunk) => chunk.tokens);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    }),
    { numRuns: 150 },
  );
});
