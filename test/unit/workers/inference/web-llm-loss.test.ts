import { describe, expect, it, vi } from 'vitest';
import { GPUOutOfMemoryError } from '../../../fakes/web-llm-gpu.ts';
import {
  FakeStreamPort,
  loadedSetting,
  LONG,
  NO_REST,
  OPTIONS,
  readingPort,
  REQUEST,
} from '../../../fakes/web-llm-host.ts';

describe('a device that is lost', () => {
  it('in mid-stream ends the answer that waits for it, and every later one at once', async () => {
    const { host, gpu } = await loadedSetting({
      answer: LONG,
      forward: (tokens) => {
        if (tokens > 1) return Promise.resolve();
        gpu.device.lose();
        return new Promise(() => undefined);
      },
    });
    const port = readingPort();
    expect(await host.generate(REQUEST, port.asPort)).toMatchObject({
      ok: false,
      error: { code: 'device-lost', details: { model: 'Tiny' } },
    });
    expect(port).toMatchObject({ text: 'w0 ', closed: true });
    expect(await host.generate(REQUEST, new FakeStreamPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'device-lost' },
    });
  });

  it('counts for more than the error that web-llm throws because of it', async () => {
    const { host, gpu } = await loadedSetting({
      forward: () => {
        gpu.device.lose();
        return Promise.reject(new Error('Instance is disposed'));
      },
    });
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'device-lost' },
    });
  });

  it('counts for more than that error even when it becomes known after it', async () => {
    const { host, gpu } = await loadedSetting({
      forward: () => {
        gpu.device.lostUnseen = true;
        return Promise.reject(new Error('Instance is disposed'));
      },
    });
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'device-lost' },
    });
  });

  it('while the page holds the decode back ends the answer at once', async () => {
    const { host, gpu } = await loadedSetting({ answer: LONG });
    await host.setPacing(NO_REST);
    const port = new FakeStreamPort();
    const answer = host.generate(REQUEST, port.asPort);
    await vi.waitUntil(() => port.chunks.length >= 4);
    gpu.device.lose();
    expect(await answer).toMatchObject({ ok: false, error: { code: 'device-lost' } });
  });

  it('between two answers is told to the next', async () => {
    const { host, gpu } = await loadedSetting();
    expect((await host.generate(REQUEST, readingPort().asPort)).ok).toBe(true);
    gpu.device.lose();
    await Promise.resolve();
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'device-lost' },
    });
  });

  it('while it is stopped is still a lost device', async () => {
    const port = new FakeStreamPort();
    const { host, gpu } = await loadedSetting({
      forward: () => {
        port.say({ type: 'stop' });
        gpu.device.lose();
        return new Promise(() => undefined);
      },
    });
    expect(await host.generate(REQUEST, port.asPort)).toMatchObject({
      ok: false,
      error: { code: 'device-lost' },
    });
  });

  it('for want of memory is out-of-memory', async () => {
    const { host, gpu } = await loadedSetting({
      forward: async () => {
        gpu.device.scopes.push(new GPUOutOfMemoryError());
        if ((await gpu.device.popErrorScope()) !== null) gpu.device.destroy();
        return new Promise(() => undefined);
      },
    });
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'out-of-memory' },
    });
  });

  it('is replaced by a new one when the model is loaded again', async () => {
    const { host, gpu } = await loadedSetting();
    gpu.device.lose();
    await Promise.resolve();
    expect((await host.load(OPTIONS)).ok).toBe(true);
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({ ok: true });
  });
});

it('tells the page of a loss that no answer was there to see', async () => {
  const { host, gpu } = await loadedSetting();
  const told = host.engineLost();
  gpu.device.lose();
  expect(await told).toMatchObject({ ok: false, error: { code: 'device-lost' } });
  expect(await host.engineLost()).toMatchObject({ ok: false, error: { code: 'device-lost' } });
});

it('takes its own unloading for no loss', async () => {
  const { host } = await loadedSetting();
  let told = false;
  void host.engineLost().then(() => {
    told = true;
  });
  await host.unload();
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBe(false);
});
