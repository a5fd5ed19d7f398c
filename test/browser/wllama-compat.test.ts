import { afterEach, expect, test, vi } from 'vitest';
import { askHost, startHost, type HostInPage } from './synthetic-host.ts';

let started: HostInPage[] = [];

afterEach(async () => {
  vi.unstubAllGlobals();
  for (const { host } of started) await host.unload();
  started = [];
});

/** A browser without 64-bit memories and promise integration, as far as the page can tell (Safari). */
function withoutMemory64(): void {
  const { Memory } = WebAssembly;
  const OldMemory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor & { readonly address?: string }) {
      if (descriptor.address === 'i64') throw new TypeError("Failed to read the 'address' property");
      super(descriptor);
    }
  };
  const old = Object.create(WebAssembly) as typeof WebAssembly;
  Object.defineProperty(old, 'Memory', { value: OldMemory });
  // `in` looks at what is inherited too, so the name has to go where it stands.
  Object.defineProperty(old, 'Suspending', { value: undefined });
  vi.stubGlobal('WebAssembly', old);
}

/** What wllama's worker fetched and ran, and one answer of it. */
async function loadAndAsk(): Promise<{ readonly script: string; readonly text: string }> {
  const scripts: Promise<string>[] = [];
  const create = URL.createObjectURL.bind(URL);
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob: Blob | MediaSource) => {
    if (blob instanceof Blob && blob.type === 'text/javascript') scripts.push(blob.text());
    return create(blob);
  });
  const host = await startHost({ slots: 2, contextTokens: 512 });
  started.push(host);
  vi.mocked(URL.createObjectURL).mockRestore();
  expect(host.loaded).toMatchObject({ ok: true, value: { backend: 'cpu', contextTokens: 256 } });
  const answered = await askHost(host.host, { maxTokens: 30 });
  return { script: (await scripts[0]) ?? '', text: answered.ok ? answered.value.text : answered.error.code };
}

test('a browser without 64-bit memories gets the compatibility build, which says the same', async () => {
  const modern = await loadAndAsk();
  expect(modern.script).toContain('"compat":false');
  withoutMemory64();
  const old = await loadAndAsk();
  expect(old.script).toContain('"compat":true');
  // From this site: the content delivery network that wllama would take it from is never asked.
  expect(old.script).toContain(JSON.stringify(location.origin).slice(1, -1));
  expect(old.script).not.toMatch(/"wllama\.wasm":"https:\/\/cdn/);
  expect(old.text).toHaveLength(modern.text.length > 0 ? old.text.length : -1);
  expect(old.text).toBe(modern.text);
});
