/** What the page reads of a graphics card, as one of the better ones says it; nothing is computed with it. */
export function pretendGraphicsCard(): void {
  const limits = {
    maxBufferSize: 2 ** 31,
    maxStorageBufferBindingSize: 2 ** 31,
    maxComputeWorkgroupStorageSize: 32_768,
    maxStorageBuffersPerShaderStage: 16,
  };
  const card = { features: new Set(['shader-f16']), limits, info: { vendor: 'pretended' } };
  const gpu = { requestAdapter: () => Promise.resolve(card) };
  Object.defineProperty(Navigator.prototype, 'gpu', { configurable: true, get: () => gpu });
}
