/** The fragment under which the council is measured; a part of the Plan page. */
export const CALIBRATION_HASH = '#/plan/calibration';
