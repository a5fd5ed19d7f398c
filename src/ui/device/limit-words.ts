import { count, memorySize } from '../quantities.ts';

/** Limits that decide what a language model can do, in the order of their weight, in plain words. */
const KEY_LIMITS: readonly (readonly [string, string])[] = [
  ['maxBufferSize', 'Largest single buffer'],
  ['maxStorageBufferBindingSize', 'Largest buffer a computation may read'],
  ['maxComputeWorkgroupStorageSize', 'Memory shared by a workgroup'],
  ['maxComputeInvocationsPerWorkgroup', 'Invocations in a workgroup'],
  ['maxComputeWorkgroupsPerDimension', 'Workgroups in one direction'],
  ['maxStorageBuffersPerShaderStage', 'Storage buffers per shader stage'],
];

/** Limits that count bytes (WebGPU standard, section "Limits"); all others are plain counts. */
const IN_BYTES = new Set([
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxUniformBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'minUniformBufferOffsetAlignment',
  'minStorageBufferOffsetAlignment',
  'maxVertexBufferArrayStride',
  'maxColorAttachmentBytesPerSample',
  'maxImmediateSize',
]);

export interface LimitRow {
  readonly name: string;
  /** Plain words for the limits that matter most; null for the rest. */
  readonly title: string | null;
  readonly value: string;
}

function shown(name: string, value: number): string {
  return IN_BYTES.has(name) ? memorySize(value) : count(value);
}

/** All limits of an adapter: the important ones first and named, the others by their WebGPU name. */
export function limitRows(limits: Readonly<Record<string, number>>): readonly LimitRow[] {
  const rows: LimitRow[] = [];
  for (const [name, title] of KEY_LIMITS) {
    const value = limits[name];
    if (value !== undefined) rows.push({ name, title, value: shown(name, value) });
  }
  const key = new Set(KEY_LIMITS.map(([name]) => name));
  for (const [name, value] of Object.entries(limits)) {
    if (!key.has(name)) rows.push({ name, title: null, value: shown(name, value) });
  }
  return rows;
}
