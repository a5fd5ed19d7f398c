import { describe, expect, it } from 'vitest';
import { ok } from '#kernel/result';
import type { ModelMeasurement } from '#contracts/model-measurement';
import { capacityRig, LAPTOP, SHIPPED } from '../../fakes/capacity-rig.ts';
import { adapter } from '../../fakes/hardware-profiles.ts';
import { modelMeasurement } from '../../fakes/model-measurement.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

const { signal } = new AbortController();
const ID = 'Llama-3.2-1B-Instruct-q4f16_1-MLC';
const CARD = { ...LAPTOP, adapters: [adapter({ features: ['shader-f16'], limits: { ...FULL_LIMITS } })] };

/** The service over measurements of models that a script makes. */
function rig() {
  const asked: string[] = [];
  let end: () => void = () => undefined;
  const known = new Map<string, ModelMeasurement>();
  const made = capacityRig(
    {
      webLlmSpeeds: {
        held: () => Promise.resolve(known),
        measure: (_signal, id, { adapters }, onProgress) => {
          asked.push(`${id} on ${String(adapters.length)}`);
          onProgress({ phase: 'fetch', fraction: 0, secondsLeft: null });
          return new Promise((resolve) => {
            end = () => {
              const measurement = modelMeasurement({ modelId: id });
              known.set(id, measurement);
              resolve(ok(measurement));
            };
          });
        },
      },
    },
    CARD,
  );
  return {
    ...made,
    asked,
    end: () => {
      end();
    },
  };
}

describe('measureModel', () => {
  it('measures one at a time, of whatever kind, and lets go when it has ended', async () => {
    const { service, asked, end } = rig();
    const told: string[] = [];
    const measuring = service.measureModel(signal, ID, ({ phase }) => told.push(phase));
    const busy = { ok: false, error: { code: 'queue-full' } };
    expect(await service.measureModel(signal, ID, () => undefined)).toMatchObject(busy);
    expect(await service.measure(signal, () => undefined)).toMatchObject(busy);
    await new Promise((resolve) => setImmediate(resolve));
    end();
    expect(await measuring).toEqual(ok(modelMeasurement({ modelId: ID })));
    expect([asked, told]).toEqual([[`${ID} on 1`], ['fetch']]);
    const again = service.measureModel(signal, ID, () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    end();
    expect((await again).ok).toBe(true);
  });

  it('is what is predicted of that model from then on, and planned with', async () => {
    const { service, end } = rig();
    const measuring = service.measureModel(signal, ID, () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    end();
    await measuring;
    const predicted = await service.predict(signal, null);
    const rows = (predicted.ok && predicted.value.models) || [];
    const own = rows.filter(({ method }) => method === 'measured');
    expect(own).toMatchObject([{ id: ID, engine: 'web-llm', tokensPerSecond: { median: 20 } }]);
    const ours = rows.filter(({ engine }) => engine === 'web-llm');
    expect(ours.length).toBeGreaterThan(SHIPPED.webLlm.models.length / 10);
    const planned = await service.plan(signal, 'speed');
    expect(planned.ok).toBe(true);
  });
});
