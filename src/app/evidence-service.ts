import { ok } from '#kernel/result';
import type { Deliberation } from '#contracts/deliberation';
import { failureOf, type Outcome } from '#contracts/errors';
import type { Evidence, EvidencePort } from '#contracts/evidence';
import type { CalibrationPort } from '#contracts/ports';
import { evidenceOfRecord } from '../council/evidence/record-evidence.ts';

/** Says what an answer rests on: what its record tells, and what was measured of its members on this device. */
export class EvidenceService implements EvidencePort {
  readonly #calibration: Pick<CalibrationPort, 'agreement'>;

  constructor(calibration: Pick<CalibrationPort, 'agreement'>) {
    this.#calibration = calibration;
  }

  async of(record: Deliberation): Promise<Outcome<Evidence>> {
    try {
      const evidence = evidenceOfRecord(record);
      return ok({ ...evidence, measured: await this.#measured(record) });
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
  }

  /** The votes are there to be shown, whatever became of the measurements. */
  async #measured(record: Deliberation): Promise<Evidence['measured']> {
    try {
      return await this.#calibration.agreement(record);
    } catch {
      return 'storage';
    }
  }
}
