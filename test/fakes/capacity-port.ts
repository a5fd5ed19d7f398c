import { err, ok } from '#kernel/result';
import type { PredictionRecord, PredictReport, SpeedMeasurement, SpeedProgress } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import type { ModelMeasurement, ModelMeasureProgress } from '#contracts/model-measurement';
import type { CapacityPlan, Goal, WhatIf } from '#contracts/plan';
import type { CapacityPort } from '#contracts/ports';
import type { ScalabilityReport } from '#contracts/scalability';
import { predictReport, speedMeasurement } from './capacity-data.ts';
import { capacityPlan, scalabilityReport } from './plan-data.ts';

/** Predictions and plans as a test has them; a measurement ends when the test says so, or when it is stopped. */
export class FakeCapacityPort implements CapacityPort {
  /** Calls in order, as "method argument". */
  readonly calls: string[] = [];
  measured: SpeedMeasurement | null = null;
  /** Before this device was measured, and after. */
  predicted: (measured: boolean) => Outcome<PredictReport> = (measured) => ok(predictReport(measured));
  planned: (goal: Goal, whatIf: WhatIf | undefined) => Outcome<CapacityPlan> = (goal) =>
    ok(capacityPlan({ goal }));
  scaled: Outcome<ScalabilityReport> = ok(scalabilityReport());
  recorded: Outcome<PredictionRecord> = ok({
    verdicts: [],
    medianError: null,
    covered: null,
    kinds: [],
  });
  /** Tells the page how far the measurement is that runs. */
  tell: (progress: SpeedProgress) => void = () => undefined;
  /** Ends the measurement that runs. */
  end: (outcome: Outcome<SpeedMeasurement>) => void = () => undefined;
  /** Holds back what comes next until it is called; null: everything is answered at once. */
  hold: Promise<void> | null = null;

  measurement(): Promise<Outcome<SpeedMeasurement | null>> {
    return Promise.resolve(ok(this.measured));
  }

  async measure(
    signal: AbortSignal,
    onProgress: (progress: SpeedProgress) => void,
  ): Promise<Outcome<SpeedMeasurement>> {
    this.calls.push('measure');
    this.tell = onProgress;
    const ended = await new Promise<Outcome<SpeedMeasurement>>((resolve) => {
      this.end = resolve;
      signal.addEventListener('abort', () => {
        resolve(err(failure('cancelled')));
      });
    });
    if (ended.ok) this.measured = ended.value;
    return ended;
  }

  /** Ends the measurement that runs as it should end. */
  succeed(): void {
    this.end(ok(speedMeasurement()));
  }

  /** Tells the page how far the measurement of a model is that runs. */
  tellModel: (progress: ModelMeasureProgress) => void = () => undefined;
  /** Ends the measurement of a model that runs. */
  endModel: (outcome: Outcome<ModelMeasurement>) => void = () => undefined;

  measureModel(
    signal: AbortSignal,
    modelId: string,
    onProgress: (progress: ModelMeasureProgress) => void,
  ): Promise<Outcome<ModelMeasurement>> {
    this.calls.push(`measureModel ${modelId}`);
    this.tellModel = onProgress;
    return new Promise((resolve) => {
      this.endModel = resolve;
      signal.addEventListener('abort', () => {
        resolve(err(failure('cancelled')));
      });
    });
  }

  async predict(): Promise<Outcome<PredictReport>> {
    this.calls.push('predict');
    await this.hold;
    return this.predicted(this.measured !== null);
  }

  async plan(_signal: AbortSignal, goal: Goal, whatIf?: WhatIf): Promise<Outcome<CapacityPlan>> {
    this.calls.push(`plan ${goal}${whatIf === undefined ? '' : ` ${JSON.stringify(whatIf)}`}`);
    const held = this.hold;
    const planned = this.planned(goal, whatIf);
    await held;
    return planned;
  }

  async scalability(_signal: AbortSignal, goal: Goal): Promise<Outcome<ScalabilityReport>> {
    this.calls.push(`scalability ${goal}`);
    await this.hold;
    return this.scaled;
  }

  record(): Promise<Outcome<PredictionRecord>> {
    return Promise.resolve(this.recorded);
  }
}
