/** Which graphics adapter the browser may offer to WebGPU. */
export const GPU_MODES = ['none', 'software', 'native'] as const;
export type GpuMode = (typeof GPU_MODES)[number];

/** Keeps the browser itself from talking to its vendor, and lets it start as root in a container. */
const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-default-apps',
  // These services are asked all the same (seen in Chromium 150 and 156); the discard port answers nobody.
  '--gaia-url=http://127.0.0.1:9/',
  '--autofill-server-url=http://127.0.0.1:9/',
  '--component-updater=url-source=http://127.0.0.1:9/',
  '--gcm-checkin-url=http://127.0.0.1:9/',
  '--gcm-registration-url=http://127.0.0.1:9/',
];

/** Measurements need a page that is never throttled because no one looks at it. */
const UNTHROTTLED = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

const BY_GPU: Readonly<Record<GpuMode, readonly string[]>> = {
  // No feature flag takes WebGPU away any more (seen in Chromium 156): without a GPU process's hardware and without its
  // software stand-in, `requestAdapter()` gives null. `session.ts` checks that it does.
  none: ['--disable-gpu', '--disable-software-rasterizer'],
  software: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'],
  native: ['--enable-unsafe-webgpu', '--enable-gpu', '--ignore-gpu-blocklist', '--enable-features=Vulkan'],
};

export function launchFlags(gpu: GpuMode): string[] {
  return [...QUIET, ...UNTHROTTLED, ...BY_GPU[gpu]];
}
