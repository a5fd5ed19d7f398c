import { expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { DeviceWatch, type DeviceFate } from '../../../../workers/inference/web-llm-device.ts';
import { FakeGpu, GPUValidationError } from '../../../fakes/web-llm-gpu.ts';

interface Watched {
  readonly watch: DeviceWatch;
  readonly gpu: FakeGpu;
  readonly fates: DeviceFate[];
}

async function watched(): Promise<Watched> {
  const gpu = new FakeGpu();
  const watch = new DeviceWatch();
  const fates: DeviceFate[] = [];
  watch.onLost((fate) => fates.push(fate));
  const unobserve = watch.observe(present(await gpu.requestAdapter(), 'adapter'));
  // Another adapter than the one that was shown: they inherit from the same.
  await (await gpu.requestAdapter())?.requestDevice();
  unobserve();
  return { watch, gpu, fates };
}

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

it('sees the device that another adapter makes, and its loss, once', async () => {
  const { watch, gpu, fates } = await watched();
  expect(watch).toMatchObject({ seen: true, fate: null });
  gpu.device.lose();
  gpu.device.lose();
  await turn();
  expect(fates).toEqual(['device-lost']);
  expect(watch.fate).toBe('device-lost');
});

it('tells a late listener at once, and one that left nothing', async () => {
  const { watch, gpu } = await watched();
  const left: DeviceFate[] = [];
  watch.onLost((fate) => left.push(fate))();
  gpu.device.lose();
  await turn();
  const late: DeviceFate[] = [];
  watch.onLost((fate) => late.push(fate));
  expect(late).toEqual(['device-lost']);
  expect(left).toEqual([]);
});

it('takes an end that it was told of for no loss', async () => {
  const { watch, gpu, fates } = await watched();
  watch.destroy();
  watch.destroy();
  await turn();
  expect(gpu.device.destroyed).toBe(true);
  expect(fates).toEqual([]);
  expect(watch.fate).toBeNull();
});

it('keeps the first error that nobody caught until it is asked for', async () => {
  const { watch, gpu } = await watched();
  expect(watch.takeProblem()).toBeNull();
  gpu.device.raise(new GPUValidationError());
  expect(watch.takeProblem()).toContain('GPUValidationError');
  expect(watch.takeProblem()).toBeNull();
});

it('settles although a device is gone', async () => {
  const { watch, gpu } = await watched();
  gpu.device.popErrorScope = () => Promise.reject(new Error('lost'));
  await watch.settled();
  await new DeviceWatch().settled();
  expect(watch.fate).toBeNull();
});

it('sees nothing of an adapter that makes its devices in a way of its own', () => {
  const watch = new DeviceWatch();
  watch.observe({ requestDevice: () => Promise.reject(new Error('never')) } as unknown as GPUAdapter)();
  expect(watch.seen).toBe(false);
});
