/** What the browser offers to wllama, by feature: names and versions of browsers are never asked. */
export interface BrowserFeatures {
  /** 64-bit WASM memories: wllama's default build cannot even be compiled without. */
  readonly memory64: boolean;
  /** WASM that waits for promises (JSPI): without it no WebGPU, and the whole model lies in WASM memory. */
  readonly promiseIntegration: boolean;
  /** WebGPU is there; whether there is an adapter that llama.cpp can use shows when it is loaded. */
  readonly webgpu: boolean;
}

function hasMemory64(): boolean {
  try {
    // `address` is newer than the types of the standard library.
    const descriptor: object = { address: 'i64', initial: 1n };
    return new WebAssembly.Memory(descriptor as WebAssembly.MemoryDescriptor) instanceof WebAssembly.Memory;
  } catch {
    return false;
  }
}

export function browserFeatures(): BrowserFeatures {
  return {
    memory64: hasMemory64(),
    promiseIntegration: Reflect.get(WebAssembly, 'Suspending') !== undefined,
    webgpu: 'gpu' in navigator,
  };
}

export interface BuildChoice {
  readonly build: 'default' | 'compat';
  readonly gpu: boolean;
}

/**
 * The compatibility build only where the default one does not run at all (Safari). Where just promise integration is
 * missing (Firefox), the default build computes on the CPU at full speed, and the other would be slower on either
 * (wllama-compat's README). Both reach WebGPU only by waiting for promises: the compatibility build by Asyncify.
 */
export function chooseBuild(features: BrowserFeatures, wantsGpu: boolean): BuildChoice {
  const build = features.memory64 ? 'default' : 'compat';
  const canWait = build === 'compat' || features.promiseIntegration;
  return { build, gpu: wantsGpu && features.webgpu && canWait };
}
