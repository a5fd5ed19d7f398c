import { WllamaHost } from '../../../workers/inference/wllama-host.ts';
import { serveWorker } from '../../../workers/lib/worker-entry.ts';

/**
 * The app's inference worker on a device whose memory for the engine is limited: WASM memory of wllama's own worker grows
 * to so many pages and no further, as where the browser refuses more (wllama steps its maximum down there by itself). The
 * hash of the script's address says `pages=N&channel=NAME&waits=BOOLEAN`; on the channel it tells how far that memory has grown.
 */
const given = new URLSearchParams(location.hash.slice(1));
const pages = Number(given.get('pages') ?? 65_536);
const channel = given.get('channel') ?? '';
const waits = given.get('waits') !== 'false';
if (!waits) Reflect.deleteProperty(WebAssembly, 'Suspending');

/** Runs in wllama's worker before anything of wllama does, not in the threads: those are given the memory. */
const limit = `
{
  if (!${String(waits)}) delete WebAssembly.Suspending;
  let memory = null;
  WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(Native, [descriptor]) {
      const wide = typeof descriptor.maximum === 'bigint';
      const most = Math.min(Number(descriptor.maximum), ${String(pages)});
      memory = new Native({ ...descriptor, maximum: wide ? BigInt(most) : most });
      return memory;
    },
  });
  const port = new BroadcastChannel(${JSON.stringify(channel)});
  port.onmessage = ({ data }) => {
    if (data !== 'how-much' || memory === null) return;
    const words = new BigUint64Array(memory.buffer);
    let last = words.length - 1;
    while (last > 0 && words[last] === 0n) last -= 1;
    port.postMessage({ grownBytes: memory.buffer.byteLength, usedBytes: 8 * (last + 1) });
  };
}
`;

globalThis.Worker = class extends Worker {
  constructor(script: string | URL, options?: WorkerOptions) {
    const request = new XMLHttpRequest();
    request.open('GET', String(script), false);
    request.send();
    const code = new Blob([limit, request.responseText], { type: 'text/javascript' });
    super(URL.createObjectURL(code), options);
  }
};

serveWorker(new WllamaHost());
