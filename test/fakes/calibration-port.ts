import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { CalibrationPort } from '#contracts/ports';

/** Nobody was ever asked, and there are no questions. */
export const emptyCalibration: CalibrationPort = {
  run: () => Promise.resolve(err(failure('question-set-invalid'))),
  records: () => Promise.resolve(ok([])),
  replay: () => Promise.resolve(err(failure('record-invalid'))),
  latest: () => Promise.resolve(ok(null)),
  countQuestions: () => Promise.resolve(err(failure('question-set-invalid'))),
  exportRecord: () => Promise.resolve(err(failure('record-invalid'))),
  agreement: () => Promise.resolve('none'),
  remove: () => Promise.resolve(ok(null)),
};
